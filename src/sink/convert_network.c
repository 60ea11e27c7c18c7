/*
 * inet, cidr, macaddr.
 *
 * Read as the server reads them, less what is a relic: no addresses in hexadecimal, and no network
 * classes (an address with fewer than four numbers needs its /bits).
 */
#include "sink/convert.h"
#include "sink/hex.h"

#include <stdio.h>

enum { FAMILY_IPV4 = 2, FAMILY_IPV6 = 3 }; /* as PostgreSQL sends them, on every platform */

struct address {
    unsigned char bytes[16];
    unsigned n_bytes; /* 4 or 16 */
    unsigned bits;
};

struct cursor {
    const char *p;
    const char *end;
};

static bool accept(struct cursor *c, char ch)
{
    if (c->p == c->end || *c->p != ch)
        return false;
    c->p++;
    return true;
}

/* A decimal number up to `max`, with any leading zeros. */
static bool number(struct cursor *c, unsigned max, unsigned *out)
{
    const char *start = c->p;
    *out = 0;
    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        *out = *out * 10 + (unsigned)(*c->p - '0');
        if (*out > max)
            return false;
    }
    return c->p > start;
}

/* Numbers between points into `bytes`; returns how many, 0 if there is something else. */
static unsigned octets(struct cursor *c, unsigned char bytes[static 4])
{
    unsigned n = 0;
    do {
        unsigned value;
        if (n == 4 || !number(c, 255, &value))
            return 0;
        bytes[n++] = (unsigned char)value;
    } while (accept(c, '.'));
    return n;
}

static bool parse_ipv4(struct cursor *c, struct address *out)
{
    unsigned n = octets(c, out->bytes);
    out->n_bytes = 4;
    out->bits = 32;
    if (n == 0)
        return false;
    if (!accept(c, '/'))
        return n == 4 && c->p == c->end;
    /* An address cut short says as many octets as its bits need. */
    return number(c, 32, &out->bits) && c->p == c->end && (out->bits + 7) / 8 <= n;
}

/* Up to four hexadecimal digits. */
static bool group(struct cursor *c, unsigned *out)
{
    unsigned n = 0;
    *out = 0;
    for (; n < 4 && c->p < c->end && hex_value(*c->p) >= 0; n++)
        *out = *out << 4 | (unsigned)hex_value(*c->p++);
    return n > 0;
}

/* The groups of an IPv6 address; *gap is where "::" stands, in bytes, or -1. */
static bool groups(struct cursor *c, struct address *out, unsigned *n, int *gap)
{
    *n = 0;
    *gap = -1;
    if (accept(c, ':') && (c->p == c->end || *c->p != ':'))
        return false;
    while (c->p < c->end && *c->p != '/') {
        if (accept(c, ':')) {
            if (*gap >= 0)
                return false;
            *gap = (int)*n;
            continue;
        }
        unsigned value;
        const char *start = c->p;
        if (*n > 14 || !group(c, &value))
            return false;
        if (c->p < c->end && *c->p == '.') { /* the last 32 bits as an IPv4 address */
            c->p = start;
            bool fits = *n <= 12 && octets(c, out->bytes + *n) == 4;
            *n += 4;
            return fits && (c->p == c->end || *c->p == '/');
        }
        out->bytes[(*n)++] = (unsigned char)(value >> 8);
        out->bytes[(*n)++] = (unsigned char)value;
        if (c->p == c->end || *c->p == '/')
            return true;
        if (!accept(c, ':') || c->p == c->end || *c->p == '/')
            return false;
    }
    return *gap >= 0;
}

static bool parse_ipv6(struct cursor *c, struct address *out)
{
    unsigned n;
    int gap;
    out->n_bytes = 16;
    out->bits = 128;
    if (!groups(c, out, &n, &gap) || (gap < 0 ? n != 16 : n > 14))
        return false;
    if (gap >= 0) {
        unsigned tail = n - (unsigned)gap;
        memmove(out->bytes + 16 - tail, out->bytes + gap, tail);
        memset(out->bytes + gap, 0, 16 - n);
    }
    if (!accept(c, '/'))
        return c->p == c->end;
    bool padded = c->end - c->p > 1 && *c->p == '0'; /* the server takes these for IPv4 only */
    return !padded && number(c, 128, &out->bits) && c->p == c->end;
}

static bool parse_address(struct slice text, struct address *out)
{
    struct cursor c = {text.ptr, text.ptr + text.len};
    memset(out, 0, sizeof *out);
    if (text.len > 0 && memchr(text.ptr, ':', text.len))
        return parse_ipv6(&c, out);
    return parse_ipv4(&c, out);
}

static bool has_host_bits(const struct address *address)
{
    for (unsigned bit = address->bits; bit < address->n_bytes * 8; bit++)
        if (address->bytes[bit / 8] >> (7 - bit % 8) & 1)
            return true;
    return false;
}

static char *put_address(struct convert *c, char *p, const struct address *address, bool cidr)
{
    p = convert_room(c, p, 4 + 4 + sizeof address->bytes);
    if (!p)
        return NULL;
    p = put_be32(p, 4 + address->n_bytes);
    *p++ = address->n_bytes == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
    *p++ = (char)address->bits;
    *p++ = (char)cidr;
    *p++ = (char)address->n_bytes;
    memcpy(p, address->bytes, address->n_bytes);
    return p + address->n_bytes;
}

static char *convert_address(struct convert *c, const struct target *target,
                             const struct json_value *value, char *p, bool cidr)
{
    struct address address;
    if (value->type != JSON_STRING)
        return convert_mismatch(c, target, value);
    struct slice text = convert_string(c, target, value);
    if (!parse_address(text, &address))
        return convert_bad(c, "22P02", value, "is not an IP address");
    if (cidr && has_host_bits(&address))
        return convert_bad(c, "22P02", value, "has bits set to the right of its mask");
    return c->format == COPY_BINARY ? put_address(c, p, &address, cidr)
                                    : convert_put_text(c, p, text);
}

char *convert_inet(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    return convert_address(c, target, value, p, false);
}

char *convert_cidr(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    return convert_address(c, target, value, p, true);
}

/* How the twelve digits may be parted: digits between separators, and the separators allowed. */
struct mac_form {
    unsigned digits;
    const char *separators;
};
static const struct mac_form mac_forms[] = {{2, ":-"}, {6, ":-"}, {4, ".-"}, {12, ""}};

static bool parse_mac_form(struct slice text, const struct mac_form *form,
                           unsigned char out[static 6])
{
    struct cursor c = {text.ptr, text.ptr + text.len};
    char separator = '\0';
    for (unsigned i = 0; i < 12; i++) {
        if (i > 0 && i % form->digits == 0) {
            char found = c.p < c.end ? *c.p : '\0';
            if (!separator && found && strchr(form->separators, found))
                separator = found;
            if (!separator || !accept(&c, separator))
                return false;
        }
        bool short_pair = form->digits == 2 && i % 2 == 1 && (c.p == c.end || hex_value(*c.p) < 0);
        if (short_pair) { /* a leading zero may be missing: 8:0:2b:1:2:3 */
            continue;
        }
        int digit = c.p < c.end ? hex_value(*c.p++) : -1;
        if (digit < 0)
            return false;
        out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] << 4 | digit : digit);
    }
    return c.p == c.end;
}

char *convert_macaddr(struct convert *c, const struct target *target,
                      const struct json_value *value, char *p)
{
    unsigned char bytes[6];
    bool ok = false;
    if (value->type != JSON_STRING)
        return convert_mismatch(c, target, value);
    struct slice text = convert_trimmed(c, target, value);
    for (size_t i = 0; !ok && i < sizeof mac_forms / sizeof *mac_forms; i++)
        ok = parse_mac_form(text, &mac_forms[i], bytes);
    if (!ok)
        return convert_bad(c, "22P02", value, "is not a MAC address");
    if (c->format != COPY_BINARY)
        return convert_put_text(c, p, text);
    p = convert_room(c, p, 4 + sizeof bytes);
    if (!p)
        return NULL;
    p = put_be32(p, sizeof bytes);
    memcpy(p, bytes, sizeof bytes);
    return p + sizeof bytes;
}
