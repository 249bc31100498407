/* L3 is RAM behind the FC, which serves the requests of core 0 in their order. */
#ifndef DSC_L3_H
#define DSC_L3_H

/* Requests are numbered in the order in which they are made. This is the number of the one behind the transfer's last. */
typedef uint32_t dsc_l3_transfer;

dsc_l3_transfer dsc_l3_load(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box);
dsc_l3_transfer dsc_l3_store(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box);
void dsc_l3_wait(dsc_l3_transfer transfer);

static inline void dsc_check_l3_is_idle(void) {}

#endif
