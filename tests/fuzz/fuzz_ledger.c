/* Any bytes as a ledger: entries or an error with a place; both readings say the same. */
#include "inspect/id_form.h"
#include "inspect/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void remove_file(void)
{
    unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    snprintf(path, sizeof path, "/dev/shm/weir-fuzz-ledger-%d", (int)getpid());
    return atexit(remove_file) == 0 ? 0 : -1;
}

static void write_input(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "w");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static void check_entry(const struct ledger_entry *entry)
{
    static const char *const types[] = {"uuid", "bigint", "character", "text"};
    char room[ID_FORM_ROOM];
    if (!entry->topic.ptr || entry->topic.len == 0 || entry->partition < 0 || entry->offset < 0)
        abort();
    for (size_t i = 0; entry->id.ptr && i < sizeof types / sizeof *types; i++) {
        enum id_form form = id_form_of(types[i]);
        char again[ID_FORM_ROOM];
        struct slice once = id_form_apply(form, entry->id, room);
        struct slice twice = id_form_apply(form, once, again);
        if (!slice_eq(once, twice))
            abort();
    }
}

/* How many entries, or -1 - how many before the error. */
static int64_t read_all(struct ledger *ledger)
{
    struct ledger_entry entry;
    struct err err;
    int64_t n = 0;
    int rc;
    while ((rc = ledger_next(ledger, &entry, &err)) > 0) {
        check_entry(&entry);
        n++;
    }
    if (rc < 0 && (err.class != ERR_INPUT || strncmp(err.text, path, strlen(path)) != 0))
        abort();
    return rc < 0 ? -1 - n : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ledger *ledger;
    struct err err;
    write_input(data, size);
    if (ledger_open(&ledger, path, &err) < 0)
        abort();
    int64_t n = read_all(ledger);
    if (n >= 0 && (ledger_rewind(ledger, &err) < 0 || read_all(ledger) != n))
        abort();
    ledger_close(ledger);
    return 0;
}
