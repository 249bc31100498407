/* The machine that hosts the run: its files, its console, and the status the program ends with. A platform folder
   implements this. Names are relative to the directory the program was started in. */
#ifndef DSC_FILES_H
#define DSC_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* What a failed run ends with; 0 is success. */
enum { DSC_EXIT_FILE = 2, DSC_EXIT_DMA = 3, DSC_EXIT_TRAP = 4 };

typedef intptr_t dsc_file;
enum { DSC_NO_FILE = -1 };

typedef enum { DSC_FILE_READ, DSC_FILE_WRITE } dsc_file_mode;

dsc_file dsc_file_open(const char *name, dsc_file_mode mode); /* DSC_NO_FILE when the host refuses */
uint32_t dsc_file_size(dsc_file file);

/* The bytes lie in L2, not on a stack: there GVSoC's GAP8 does not find more than a word. True when all were transferred. */
bool dsc_file_read(dsc_file file, void *bytes, uint32_t count);
bool dsc_file_write(dsc_file file, const void *bytes, uint32_t count);

void dsc_file_close(dsc_file file);

void dsc_print(const char *text);
_Noreturn void dsc_exit(int status);

#endif
