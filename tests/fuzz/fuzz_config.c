/* Any bytes as a configuration file: an answer, never a crash; what was accepted can be printed. */
#include "base/config.h"
#include "base/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/*
 * libfyaml 0.7.12 forgets a buffer of a kilobyte when a syntax error follows a long quoted text.
 * weir ends after such an error; its own leaks are still found.
 */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml\n";
}

static char path[64];
static FILE *nowhere;

static void remove_file(void)
{
    unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    snprintf(path, sizeof path, "/dev/shm/weir-fuzz-config-%d.yaml", (int)getpid());
    nowhere = fopen("/dev/null", "w");
    return nowhere && atexit(remove_file) == 0 ? 0 : -1;
}

static void write_input(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "w");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}

/* An error names the file, and a place in it unless the whole file is meant. */
static void check_error(const struct err *err)
{
    if (err->class != ERR_USAGE || !strstr(err->text, path))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    struct err err;
    const struct config_request request = {.file = path, .allow_none = true};
    write_input(data, size);
    if (config_load(&config, &request, &err) < 0) {
        check_error(&err);
        return 0;
    }
    if (config_print(&config, nowhere, true, &err) < 0)
        abort();
    config_release(&config);
    return 0;
}
