/*
 * rng.c - addressed random streams: Philox4x32-10.
 *
 * The key is the master seed, mixed.  The counter is the address: block,
 * entity above its low 24 bits, purpose and low 24 bits of the entity,
 * replication; the top 8 bits of the entity go into the key.  So streams are
 * disjoint for all entities below 2^56, and for all others up to chance, as
 * long as one stream hands out fewer than 2^34 words.
 *
 * Uniforms have 52 bits and a half: the largest is 1 - 2^-53, so neither end
 * of (0, 1) can be reached by rounding.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC11; Blackman, Vigna, "Scrambled linear pseudorandom number
 * generators", 2019; Lemire, "Fast random integer generation", 2019.
 */
#include "kernel/rng.h"

#include <string.h>

static uint32_t high(uint32_t a, uint32_t b, uint32_t *low)
{
    uint64_t product = (uint64_t)a * b;

    *low = (uint32_t)product;
    return (uint32_t)(product >> 32);
}

void philox4x32(const uint32_t counter[4], const uint32_t key[2],
                uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2];
    uint32_t c3 = counter[3], k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        uint32_t low0, low1;
        uint32_t high0 = high(0xD2511F53, c0, &low0);
        uint32_t high1 = high(0xCD9E8D57, c2, &low1);

        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The address of the first block; used says that none is drawn yet. */
static void set_address(struct stream *s, uint64_t seed, unsigned purpose,
                        uint64_t entity, uint32_t replication)
{
    uint64_t key = splitmix64(&seed);

    s->key[0] = (uint32_t)key;
    s->key[1] = (uint32_t)(key >> 32) ^ (uint32_t)(entity >> 56) << 24;
    s->counter[0] = 0;
    s->counter[1] = (uint32_t)(entity >> 24);
    s->counter[2] = (uint32_t)(purpose & 0xFF) << 24
        | (uint32_t)(entity & 0xFFFFFF);
    s->counter[3] = replication;
    s->used = 4;
}

void stream_init(struct stream *s, uint64_t seed, unsigned purpose,
                 uint64_t entity, uint32_t replication)
{
    memset(s, 0, sizeof *s);
    set_address(s, seed, purpose, entity, replication);
}

uint32_t stream_u32(struct stream *s)
{
    if (s->used == 4) {
        philox4x32(s->counter, s->key, s->word);
        if (++s->counter[0] == 0)
            s->counter[1]++;
        s->used = 0;
    }
    return s->word[s->used++];
}

uint64_t stream_u64(struct stream *s)
{
    uint64_t low = stream_u32(s);

    return (uint64_t)stream_u32(s) << 32 | low;
}

double stream_u01(struct stream *s)
{
    return u01_of(stream_u64(s));
}

uint32_t stream_below(struct stream *s, uint32_t n)
{
    uint64_t product = (uint64_t)stream_u32(s) * n;

    if ((uint32_t)product < n) {
        uint32_t threshold = -n % n;

        while ((uint32_t)product < threshold)
            product = (uint64_t)stream_u32(s) * n;
    }
    return (uint32_t)(product >> 32);
}

double stream_u01_at(uint64_t seed, unsigned purpose, uint64_t entity,
                     uint32_t replication, uint64_t index)
{
    unsigned half = (unsigned)(index & 1) * 2;
    struct stream s;

    set_address(&s, seed, purpose, entity, replication);
    s.counter[0] = (uint32_t)(index >> 1);
    s.counter[1] += (uint32_t)(index >> 33);
    philox4x32(s.counter, s.key, s.word);
    return u01_of((uint64_t)s.word[half + 1] << 32 | s.word[half]);
}

void bulk_init(struct bulk *b, uint64_t seed, unsigned purpose,
               uint64_t entity, uint32_t replication)
{
    struct stream s;

    stream_init(&s, seed, purpose, entity, replication);
    for (int i = 0; i < 4; i++)
        b->s[i] = stream_u64(&s);
    b->s[0] |= (b->s[0] | b->s[1] | b->s[2] | b->s[3]) == 0;
}

static void set_philox(void *state, unsigned long seed)
{
    stream_init(state, seed, 0, 0, 0);
}

static unsigned long get_philox(void *state)
{
    return stream_u32(state);
}

static double get_philox_double(void *state)
{
    return stream_u01(state);
}

static void set_xoshiro(void *state, unsigned long seed)
{
    bulk_init(state, seed, 0, 0, 0);
}

static unsigned long get_xoshiro(void *state)
{
    return (unsigned long)(bulk_u64(state) >> 32);
}

static double get_xoshiro_double(void *state)
{
    return bulk_u01(state);
}

static const gsl_rng_type philox_type = {
    "philox4x32-10", UINT32_MAX, 0, sizeof(struct stream),
    set_philox, get_philox, get_philox_double
};
static const gsl_rng_type xoshiro_type = {
    "xoshiro256++", UINT32_MAX, 0, sizeof(struct bulk),
    set_xoshiro, get_xoshiro, get_xoshiro_double
};

const gsl_rng_type *const rng_philox = &philox_type;
const gsl_rng_type *const rng_xoshiro = &xoshiro_type;
