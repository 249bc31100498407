# For makefiles of applications on gap_sdk and pulp-sdk: include NETWORK/platform.mk, for every network, before
# $(RULES_DIR)/pmsis_rules.mk. What networks share comes from the first one's folder.
DSC_FOLDER := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
LIBRARY_SOURCES = dsc_dma.c dsc_l3.c dsc_pmsis.c

APP_SRCS := $(APP_SRCS) $(DSC_FOLDER)/network.c $(DSC_FOLDER)/weights.c
PULP_ASM_SRCS := $(PULP_ASM_SRCS) $(wildcard $(DSC_FOLDER)/kernels_xpulp.S)
ifndef DSC_RUNTIME_FOLDER
DSC_RUNTIME_FOLDER := $(DSC_FOLDER)
APP_SRCS := $(APP_SRCS) $(addprefix $(DSC_FOLDER)/,$(LIBRARY_SOURCES))
APP_CFLAGS += -Os -I$(DSC_RUNTIME_FOLDER) $(if $(wildcard $(DSC_RUNTIME_FOLDER)/harness.c),,-DDSC_HOOKS=0)
CONFIG_HYPERRAM = 1
CONFIG_HYPERFLASH = 1
USE_PMSIS_BSP = 1
endif
