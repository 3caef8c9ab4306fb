#define _GNU_SOURCE
#include "CLinuxNetwork.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

static int release_segments(struct dl_phdr_info *object, size_t size, void *context) {
  (void)size;
  (void)context;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    // What may have been written (also what became read-only after relocation) is not the file's any more.
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~page;
    uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz + page) & ~page;
    madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void cln_release_code(void) { dl_iterate_phdr(release_segments, NULL); }
