/* Between state.c and migrations.c: the statements that make the state schema. */
#ifndef WEIR_SINK_POSTGRES_STATE_SQL_H
#define WEIR_SINK_POSTGRES_STATE_SQL_H

/*
 * state_migrations[v] brings a schema of version v to v + 1; there are STATE_VERSION of them. Each
 * runs with the schema as its search_path, and may run where its tables are there already.
 */
extern const char *const state_migrations[];

#endif
