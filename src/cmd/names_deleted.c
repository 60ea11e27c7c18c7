#include "cmd/names_deleted.h"

#include "cmd/json_out.h"

#include <stdio.h>

void names_deleted(const char *const *names, size_t n, bool json)
{
    struct json_out out;
    if (!json) {
        for (size_t i = 0; i < n; i++)
            printf("%s: deleted\n", names[i]);
        return;
    }
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_open(&out, "deleted", '[');
    for (size_t i = 0; i < n; i++)
        json_out_text(&out, NULL, names[i]);
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}
