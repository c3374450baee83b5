/*
 * key.c - SHA-256, cut to 128 bits.
 *
 * A cryptographic hash because keys are compared between machines and years,
 * and nobody looks at the contents behind them again: two different scenarios
 * with one key would mix their results.
 *
 * Source: FIPS 180-4 (2015), 4.1.2, 5 and 6.2.
 */
#include "io/key.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 64

/* The first 32 bits of the fractional parts of the cube roots of the first 64
 * primes. */
static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int n)
{
    return (x >> n) | (x << (32 - n));
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8
           | p[3];
}

/* Message schedule: 64 words from the 16 of a block. */
static void expand(const unsigned char block[BLOCK], uint32_t w[64])
{
    for (int i = 0; i < 16; i++)
        w[i] = big_endian(block + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7]
             + (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3))
             + (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10));
    }
}

static void compress(uint32_t state[8], const unsigned char block[BLOCK])
{
    uint32_t w[64], s[8];

    expand(block, w);
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t up = s[7] + round_constant[i] + w[i]
            + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25))
            + ((s[4] & s[5]) ^ (~s[4] & s[6]));
        uint32_t low = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22))
            + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += up;
        s[0] = up + low;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

/* The last one or two blocks: the rest, 0x80, zeros, the length in bits. */
static void finish(uint32_t state[8], const unsigned char *rest, size_t len)
{
    unsigned char block[2 * BLOCK] = {0};
    size_t tail = len % BLOCK;
    size_t size = tail < BLOCK - 8 ? BLOCK : 2 * BLOCK;

    if (tail > 0)
        memcpy(block, rest, tail);
    block[tail] = 0x80;
    for (size_t i = 0; i < 8; i++)
        block[size - 1 - i] = (unsigned char)((uint64_t)len * 8 >> (8 * i));
    for (size_t i = 0; i < size; i += BLOCK)
        compress(state, block + i);
}

char *key_of(char room[KEY_ROOM], const void *data, size_t len)
{
    uint32_t state[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    const unsigned char *p = data;
    size_t whole = len / BLOCK * BLOCK;

    for (size_t i = 0; i < whole; i += BLOCK)
        compress(state, p + i);
    finish(state, len > whole ? p + whole : NULL, len);
    for (int i = 0; i < 4; i++)
        snprintf(room + 8 * i, 9, "%08x", (unsigned)state[i]);
    return room;
}
