#include "CShmTool.h"

#ifndef SHMTOOL_COMMIT
#define SHMTOOL_COMMIT ""
#endif

const char *cshmtool_commit(void) { return SHMTOOL_COMMIT; }
