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
char *write_mac(const void *data, struct draw *draw, char *to)
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
    memcpy(to, put_octets[v], 4);
    return to + put_octet_bytes[v];
}

char *write_ipv4(const void *data, struct draw *draw, char *to)
{
    (void)data;
    uint32_t address;
    do {
        address = (uint32_t)(rng_next(draw->rng) >> 32);
    } while (!is_used(address));
    for (int shift = 24; shift >= 0; shift -= 8)
        to = put_octet(to, address >> shift & 0xFF);
    return to - 1; /* without the last dot */
}

/* ---- IBAN ---- */

int prepare_iban(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    *out = (struct prepared){.max_bytes = 24, .plain = true};
    return 0;
}

#define PAIRS UINT64_C(676) /* 26 * 26 */

/* Two letters, and the four digits that stand for them in the check. */
static uint32_t put_letters(char *to, uint32_t pair)
{
    uint32_t first = pair / 26;
    uint32_t second = pair % 26;
    to[0] = (char)('A' + first);
    to[1] = (char)('A' + second);
    return (first + 10) * 100 + second + 10;
}

/*
 * RO, two check digits, four letters, sixteen digits. The check (ISO 13616, ISO 7064 MOD 97-10):
 * the account, then RO and 00, letters as the numbers 10 to 35, are 98 - n by modulo 97.
 */
char *write_iban(const void *data, struct draw *draw, char *to)
{
    (void)data;
    uint64_t bank = rng_below(draw->rng, PAIRS * PAIRS);
    uint64_t account = rng_below(draw->rng, 10000000000000000);
    uint32_t letters = put_letters(to + 4, (uint32_t)(bank / PAIRS)) * 10000;
    letters += put_letters(to + 6, (uint32_t)(bank % PAIRS));
    uint32_t high = (uint32_t)(account / 100000000);
    uint32_t low = (uint32_t)(account % 100000000);
    /* 10^22 is 25, and 10^6 is 27. */
    uint32_t remainder = (letters % 97 * 25 + (uint32_t)(account % 97) * 27 + 272400) % 97;
    to = put_bytes(to, "RO", 2);
    put_two(to, 98 - remainder);
    return put_eight(put_eight(to + 6, high), low);
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
char *write_uuid(const void *data, struct draw *draw, char *to)
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
