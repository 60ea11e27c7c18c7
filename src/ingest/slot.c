#include "ingest/slot.h"

#include "base/crc32c.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS_MAX 1000

/* The folder must be ours alone: in /tmp anybody could have made it first. */
static int lock_folder(char *out, size_t size, struct err *err)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    struct stat st;
    snprintf(out, size, "%s/weir-%u", base && *base ? base : "/tmp", (unsigned)getuid());
    if (mkdir(out, 0700) < 0 && errno != EEXIST)
        return err_set(err, ERR_HALT, "cannot make the folder %s for lock files: %s", out,
                       strerror(errno));
    if (lstat(out, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid())
        return err_set(err, ERR_HALT,
                       "%s is not a folder of ours; remove it, or set XDG_RUNTIME_DIR", out);
    return 0;
}

/* Names of members may hold letters, digits, '.', '_' and '-' (Kafka's rule for names). */
static void append_legal(char *out, size_t size, const char *text)
{
    size_t len = strlen(out);
    for (; *text && len + 1 < size; text++) {
        unsigned char c = (unsigned char)*text;
        bool legal = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '_' || c == '-';
        if (c > ' ')
            out[len++] = legal ? (char)c : '_';
    }
    out[len] = '\0';
}

static void machine_id(char out[13])
{
    char text[64] = "";
    FILE *file = fopen("/etc/machine-id", "re");
    if (file) {
        if (!fgets(text, sizeof(text), file))
            text[0] = '\0';
        fclose(file);
    }
    out[0] = '\0';
    append_legal(out, 13, text);
}

/*
 * The folder is part of the name: a service and a login session of the same user have different
 * ones and take the same slot in each, and two members of one name would throw each other out.
 */
static void name_instance(struct slot *slot, const char *folder, const char *group)
{
    char machine[13];
    char host[65] = "";
    char tail[32];
    machine_id(machine);
    gethostname(host, sizeof(host) - 1);
    slot->instance[0] = '\0';
    append_legal(slot->instance, 14, machine);
    append_legal(slot->instance, sizeof(slot->instance), "-");
    append_legal(slot->instance, 80, host);
    append_legal(slot->instance, sizeof(slot->instance), "-");
    append_legal(slot->instance, sizeof(slot->instance) - 24, group);
    snprintf(tail, sizeof(tail), "-%08x-%d", crc32c(0, folder, strlen(folder)), slot->number);
    append_legal(slot->instance, sizeof(slot->instance), tail);
}

static int try_slot(struct slot *slot, const char *folder, const char *group, int number)
{
    char path[700];
    char name[250] = "";
    append_legal(name, sizeof(name), group);
    snprintf(path, sizeof(path), "%s/%s.%d.lock", folder, name, number);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return 0;
    }
    slot->fd = fd;
    slot->number = number;
    return 1;
}

int slot_take(struct slot *slot, const char *group, struct err *err)
{
    char folder[512];
    slot->fd = -1;
    if (lock_folder(folder, sizeof(folder), err) < 0)
        return -1;
    for (int number = 0; number < SLOTS_MAX; number++) {
        int rc = try_slot(slot, folder, group, number);
        if (rc < 0)
            return err_set(err, ERR_HALT, "cannot open a lock file in %s: %s", folder,
                           strerror(errno));
        if (rc > 0) {
            name_instance(slot, folder, group);
            return 0;
        }
    }
    return err_set(err, ERR_HALT, "%d processes of group %s run here already", SLOTS_MAX, group);
}

void slot_release(struct slot *slot)
{
    if (slot->fd >= 0)
        close(slot->fd);
    slot->fd = -1;
}
