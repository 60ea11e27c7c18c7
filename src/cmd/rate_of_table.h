/* weir rate --table: the rate of a table's rows, once or live. */
#ifndef WEIR_CMD_RATE_OF_TABLE_H
#define WEIR_CMD_RATE_OF_TABLE_H

#include "cmd/rate_render.h"
#include "inspect/rate_table.h"

/* `view` has the form, zone and expectation. 0 or -1. */
int rate_of_table(struct cli *cli, const struct rate_table_request *request,
                  const struct rate_view *view, bool live, struct err *err);

#endif
