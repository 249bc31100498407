#include <stdio.h>
#include <stdlib.h>

#include "dsc_files.h"
#include "dsc_harness.h"

static FILE *stream(dsc_file file) { return (FILE *)file; }

dsc_file dsc_file_open(const char *name, dsc_file_mode mode) {
  FILE *opened = fopen(name, mode == DSC_FILE_READ ? "rb" : "wb");
  // cppcheck-suppress resourceLeak ; the handle is the stream
  return opened == NULL ? DSC_NO_FILE : (dsc_file)opened;
}

uint32_t dsc_file_size(dsc_file file) {
  fseek(stream(file), 0, SEEK_END);
  long size = ftell(stream(file));
  rewind(stream(file));
  return (uint32_t)size;
}

bool dsc_file_read(dsc_file file, void *bytes, uint32_t count) { return fread(bytes, 1, count, stream(file)) == count; }

bool dsc_file_write(dsc_file file, const void *bytes, uint32_t count) {
  return fwrite(bytes, 1, count, stream(file)) == count;
}

void dsc_file_close(dsc_file file) { fclose(stream(file)); }

void dsc_print(const char *text) { fputs(text, stderr); }

void dsc_exit(int status) { exit(status); }

int main(void) {
  dsc_harness(0);
  return 0;
}
