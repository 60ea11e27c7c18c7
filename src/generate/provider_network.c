/* Providers of addresses and accounts: MAC, IPv4, IBAN, UUID. */
#include "generate/provider_list.h"

/* ---- MAC ---- */

int prepare_mac(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    *out = (struct prepared){.max_bytes = 17, .plain = true};
    return 0;
}

/* The first byte is even, because an odd one is a group's, and below fe, as Faker has it. */
char *write_mac(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    uint64_t rest = rng_next(draw->rng);
    to = put_hex(to, 2 * (unsigned)rng_below(draw->rng, 127));
    for (int i = 0; i < 5; i++) {
        *to++ = ':';
        to = put_hex(to, rest >> 56);
        rest <<= 8;
    }
    return to;
}

/* ---- IPv4 ---- */

struct network {
    uint32_t address;
    int bits;
};

/*
 * What no machine on the Internet has (IANA's special-purpose registry, as Faker leaves it out):
 * here, loopback, link-local, tests, multicast and reserved. 0, 127 and all from 224 on are seen
 * by the first byte.
 */
static const struct network unused[] = {
    {0x64400000, 10}, {0xA9FE0000, 16}, {0xC0000000, 24}, {0xC0000200, 24},
    {0xC01FC400, 24}, {0xC034C100, 24}, {0xC0586300, 24}, {0xC0AF3000, 24},
    {0xC6120000, 15}, {0xC6336400, 24}, {0xCB007100, 24},
};

static bool is_used(uint32_t address)
{
    uint32_t first = address >> 24;
    if (first == 0 || first == 127 || first >= 224)
        return false;
    if (first != 100 && first != 169 && first != 192 && first != 198 && first != 203)
        return true;
    for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
        if ((address ^ unused[i].address) >> (32 - unused[i].bits) == 0)
            return false;
    return true;
}

int prepare_ipv4(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    *out = (struct prepared){.max_bytes = 15, .plain = true};
    return 0;
}

static char *put_octet(char *to, unsigned v)
{
    if (v >= 100) {
        *to++ = (char)('0' + v / 100);
        return put_two(to, v % 100);
    }
    if (v >= 10)
        return put_two(to, v);
    *to = (char)('0' + v);
    return to + 1;
}

char *write_ipv4(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    uint32_t address;
    do {
        address = (uint32_t)(rng_next(draw->rng) >> 32);
    } while (!is_used(address));
    to = put_octet(to, address >> 24);
    *to++ = '.';
    to = put_octet(to, address >> 16 & 0xFF);
    *to++ = '.';
    to = put_octet(to, address >> 8 & 0xFF);
    *to++ = '.';
    return put_octet(to, address & 0xFF);
}

/* ---- IBAN ---- */

int prepare_iban(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    *out = (struct prepared){.max_bytes = 24, .plain = true};
    return 0;
}

/*
 * RO, two check digits, four letters, sixteen digits. The check (ISO 13616, ISO 7064 MOD 97-10):
 * the account, then RO and 00, letters as the numbers 10 to 35, are 98 - n by modulo 97.
 */
char *write_iban(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    uint32_t bank = (uint32_t)rng_below(draw->rng, (uint64_t)26 * 26 * 26 * 26);
    uint64_t account = rng_below(draw->rng, 10000000000000000);
    char *letters = to + 4;
    uint64_t remainder = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t letter = bank % 26;
        bank /= 26;
        letters[i] = (char)('A' + letter);
        remainder = remainder * 100 + 10 + letter;
    }
    uint32_t high = (uint32_t)(account / 100000000);
    uint32_t low = (uint32_t)(account % 100000000);
    remainder = remainder % 97 * 100000000 + high;
    remainder = remainder % 97 * 100000000 + low;
    remainder = (remainder % 97 * 1000000 + 272400) % 97;
    to = put_bytes(to, "RO", 2);
    put_two(to, (unsigned)(98 - remainder));
    return put_eight(put_eight(letters + 4, high), low);
}

/* ---- UUID ---- */

int prepare_uuid(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    *out = (struct prepared){.max_bytes = 36, .plain = true};
    return 0;
}

static char *put_hex_bytes(char *to, uint64_t v, int first, int n)
{
    for (int i = first; i < first + n; i++)
        to = put_hex(to, v >> (56 - 8 * i) & 0xFF);
    return to;
}

/* RFC 9562, version 4: four bits say so, two the variant, all others are random. */
char *write_uuid(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    uint64_t high = (rng_next(draw->rng) & ~UINT64_C(0xF000)) | 0x4000;
    uint64_t low = (rng_next(draw->rng) & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
    to = put_hex_bytes(to, high, 0, 4);
    *to++ = '-';
    to = put_hex_bytes(to, high, 4, 2);
    *to++ = '-';
    to = put_hex_bytes(to, high, 6, 2);
    *to++ = '-';
    to = put_hex_bytes(to, low, 0, 2);
    *to++ = '-';
    return put_hex_bytes(to, low, 2, 6);
}
