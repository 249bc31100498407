#include "dsc_l3_image.h"

#include "dsc_files.h"

enum { CHUNK_BYTES = 1024 };

static void check(bool ok, const char *message) {
  if (ok) return;
  dsc_print(message);
  dsc_exit(DSC_EXIT_FILE);
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

static void copy_to_l3(dsc_file image, uint32_t bytes) {
  static _Alignas(4) uint8_t chunk[CHUNK_BYTES];
  dsc_buffer l2 = {chunk, sizeof chunk};
  for (uint32_t offset = 0; offset < bytes; offset += CHUNK_BYTES) {
    uint32_t count = smaller(bytes - offset, CHUNK_BYTES);
    check(dsc_file_read(image, chunk, count), "l3.bin: cannot be read\n");
    dsc_l3_wait(dsc_l3_store(l2, 0, offset, (dsc_box){1, 0, 1, 0, count, 0}));
  }
}

void dsc_l3_load_image(void) {
  uint32_t bytes = DSC_NETWORK.l3_image_bytes;
  if (bytes == 0) return;
  dsc_file image = dsc_file_open("l3.bin", DSC_FILE_READ);
  check(image != DSC_NO_FILE, "l3.bin: cannot be opened\n");
  check(dsc_file_size(image) == bytes, "l3.bin: its size is not that of the network's L3 image\n");
  copy_to_l3(image, bytes);
  dsc_file_close(image);
}
