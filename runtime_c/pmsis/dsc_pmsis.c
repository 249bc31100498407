#include "dsc_pmsis.h"

#include "bsp/bsp.h"
#include "bsp/flash.h"
#include "bsp/fs.h"
#include "bsp/fs/readfs.h"
#include "bsp/ram.h"
#include "dsc_runtime.h"
#ifndef __GAP9__
#include "bsp/flash/hyperflash.h"
#include "bsp/ram/hyperram.h"
#endif

/* Not 1024, or all stacks would begin in the same of the 16 banks of L1. The master's also has frames of the SDK. */
enum { STACK_BYTES = 1008, MASTER_STACK_BYTES = 2032, CHUNK_BYTES = 4096 };

/* Of the board. */
#ifdef __GAP9__
typedef struct pi_default_ram_conf ram_conf;
typedef struct pi_default_flash_conf flash_conf;
#define ram_conf_init pi_default_ram_conf_init
#define flash_conf_init pi_default_flash_conf_init
#else
typedef struct pi_hyperram_conf ram_conf;
typedef struct pi_hyperflash_conf flash_conf;
#define ram_conf_init pi_hyperram_conf_init
#define flash_conf_init pi_hyperflash_conf_init
#endif

/* Left free at the end of the RAM, where the allocator begins. */
enum { BEHIND_L3_BYTES = 1024 };

struct pi_device dsc_ram;
uint32_t dsc_l3_base;
uint8_t *dsc_l1;

static struct pi_device cluster;
static struct pi_device flash;
static struct pi_device files;
static uint32_t l1_size;
static uint32_t l3_size;
static void (*work_of_cores)(uint32_t core);

int dsc_open_cluster(uint32_t l1_bytes) {
  struct pi_cluster_conf conf;
  pi_cluster_conf_init(&conf);
  conf.id = DSC_CLUSTER;
#ifdef __GAP9__ /* the master is a core of its own */
  conf.cc_stack_size = MASTER_STACK_BYTES;
#endif
  pi_open_from_conf(&cluster, &conf);
  if (pi_cluster_open(&cluster)) return -1;
  l1_size = l1_bytes;
  dsc_l1 = pi_cl_l1_malloc(&cluster, l1_bytes);
  return dsc_l1 == NULL ? -2 : 0;
}

int dsc_open_l3(uint32_t bytes) {
  ram_conf conf;
  ram_conf_init(&conf);
  pi_open_from_conf(&dsc_ram, &conf);
  if (pi_ram_open(&dsc_ram)) return -3;
  l3_size = bytes + BEHIND_L3_BYTES;
  return pi_ram_alloc(&dsc_ram, &dsc_l3_base, l3_size) ? -4 : 0;
}

static int mount(void) {
  flash_conf conf;
  flash_conf_init(&conf);
  pi_open_from_conf(&flash, &conf);
  if (pi_flash_open(&flash)) return -5;
  struct pi_readfs_conf files_conf;
  pi_readfs_conf_init(&files_conf);
  files_conf.fs.flash = &flash;
  pi_open_from_conf(&files, &files_conf);
  if (pi_fs_mount(&files) == 0) return 0;
  pi_flash_close(&flash);
  return -6;
}

static int copy_to_l3(pi_fs_file_t *file, uint32_t offset) {
  uint8_t *chunk = pi_l2_malloc(CHUNK_BYTES);
  if (chunk == NULL) return -8;
  bool is_read = true;
  for (uint32_t done = 0; done < file->size && is_read; done += CHUNK_BYTES) {
    uint32_t left = file->size - done;
    uint32_t count = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    is_read = pi_fs_read(file, chunk, count) == (int32_t)count;
    if (is_read) pi_ram_write(&dsc_ram, dsc_l3_base + offset + done, chunk, count);
  }
  pi_l2_free(chunk, CHUNK_BYTES);
  return is_read ? 0 : -9;
}

int dsc_load_l3(const char *name, uint32_t offset) {
  int failed = mount();
  if (failed) return failed;
  pi_fs_file_t *file = pi_fs_open(&files, name, 0);
  failed = file == NULL ? -7 : copy_to_l3(file, offset);
  if (file != NULL) pi_fs_close(file);
  pi_fs_unmount(&files);
  pi_flash_close(&flash);
  return failed;
}

static void on_core(void *argument) {
  (void)argument;
  work_of_cores((uint32_t)pi_core_id());
}

static void on_master(void *argument) { pi_cl_team_fork(DSC_CORES, on_core, argument); }

void dsc_run(void (*work)(uint32_t core)) {
  struct pi_cluster_task task = {0};
  work_of_cores = work;
  pi_cluster_task(&task, on_master, NULL);
#ifdef __GAP9__
  pi_cluster_task_stacks(&task, NULL, STACK_BYTES);
#else
  task.stack_size = MASTER_STACK_BYTES; /* what pi_cluster_task has set to 0 */
  task.slave_stack_size = STACK_BYTES;
#endif
  pi_cluster_send_task_to_cl(&cluster, &task);
}

void dsc_close(void) {
  pi_cl_l1_free(&cluster, dsc_l1, (int)l1_size);
  pi_cluster_close(&cluster);
  if (l3_size == 0) return;
  pi_ram_free(&dsc_ram, dsc_l3_base, l3_size);
  pi_ram_close(&dsc_ram);
}
