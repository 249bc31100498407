"""Programs for an accelerator behind DRAM: loops over tiles, their transfers and units."""
