/* ${NAME} in scalars: see yaml_expand() in yaml.h. */
#include "base/buf.h"
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#define MAX_EXPANDED_BYTES ((size_t)64 << 10)

static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char digits[] = "0123456789";
    if (!*name || strchr(digits, *name))
        return false;
    for (; *name; name++)
        if (!strchr(letters, *name) && !strchr(digits, *name))
            return false;
    return true;
}

/* `body` is what stands between ${ and }. */
static int add_variable(struct arena *arena, const char *file, const struct yaml_node *node,
                        const char *body, struct buf *out, struct err *err)
{
    const char *fallback = strstr(body, ":-");
    const char *name = fallback ? arena_strndup(arena, body, (size_t)(fallback - body)) : body;
    if (!is_name(name))
        return yaml_fail(err, file, node,
                         "${%s} names no variable: write ${NAME}, ${NAME:-default}, or $${ for a "
                         "literal ${",
                         body);
    const char *value = getenv(name);
    if (fallback && (!value || !*value))
        value = fallback + 2;
    if (!value)
        return yaml_fail(err, file, node,
                         "the variable %s is not set: set it, or write ${%s:-default}", name, name);
    buf_add_str(out, value);
    return 0;
}

static int expand_text(struct arena *arena, const char *file, struct yaml_node *node,
                       struct buf *out, struct err *err)
{
    const char *text = node->text;
    while (*text) {
        if (!strncmp(text, "$${", 3)) {
            buf_add_str(out, "${");
            text += 3;
            continue;
        }
        if (strncmp(text, "${", 2) != 0) {
            buf_add_byte(out, *text++);
            continue;
        }
        const char *end = strchr(text, '}');
        if (!end)
            return yaml_fail(err, file, node, "${ without }: write $${ for a literal ${");
        const char *body = arena_strndup(arena, text + 2, (size_t)(end - text - 2));
        if (add_variable(arena, file, node, body, out, err) < 0)
            return -1;
        text = end + 1;
    }
    if (out->failed)
        return yaml_fail(err, file, node, "longer than %zu bytes with its variables",
                         MAX_EXPANDED_BYTES);
    node->text = arena_strdup(arena, buf_str(out));
    return 0;
}

int yaml_expand(struct arena *arena, const char *file, struct yaml_node *node, struct err *err)
{
    if (node->kind == YAML_SCALAR && strstr(node->text, "${")) {
        struct buf out;
        buf_init(&out, MAX_EXPANDED_BYTES);
        int rc = expand_text(arena, file, node, &out, err);
        buf_release(&out);
        return rc;
    }
    for (struct yaml_node *child = node->first; child; child = child->next)
        if (yaml_expand(arena, file, child, err) < 0)
            return -1;
    return 0;
}
