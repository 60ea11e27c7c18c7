/* Variables of ours that are mistyped. */
#include "base/config.h"
#include "base/settings.h"
#include "base/suggest.h"

#include <string.h>
#include <unistd.h>

#define PREFIX "WEIR_"
#define PREFIX_LENGTH (sizeof PREFIX - 1)
#define MAX_NAME 40

/*
 * Only what stands behind the prefix is compared. One that is not near to ours may well be meant
 * for something else: Kubernetes gives WEIR_SERVICE_HOST to who has a service of that name.
 */
static const char *nearest_to(struct arena *arena, const char *name)
{
    char texts[N_SETTINGS][MAX_NAME];
    const char *known[N_SETTINGS + 1];
    size_t n = 0;
    known[n++] = "CONFIG";
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const struct setting *setting = setting_at(i);
        if (!setting_is_key(setting) || setting->type == SETTING_TYPE_COLUMNS)
            continue;
        setting_variable_name(setting, texts[i]);
        known[n++] = texts[i] + PREFIX_LENGTH;
    }
    const char *nearest = suggest_nearest(name, known, n);
    if (!nearest || !strcmp(nearest, name))
        return NULL;
    return arena_printf(arena, PREFIX "%s", nearest);
}

bool config_stray_variable(struct arena *arena, size_t *at, struct stray_variable *out)
{
    for (; environ[*at]; ++*at) {
        const char *text = environ[*at];
        size_t length = strcspn(text, "=");
        if (strncmp(text, PREFIX, PREFIX_LENGTH) != 0)
            continue;
        out->name = arena_strndup(arena, text, length);
        out->nearest = nearest_to(arena, out->name + PREFIX_LENGTH);
        if (!out->nearest)
            continue;
        ++*at;
        return true;
    }
    return false;
}
