/*
 * rng.h - addressed random streams: Philox4x32-10.
 *
 * A stream is named by (seed, purpose, entity, replication), where entity is
 * the ordinal of a thing in its own history (the k-th pod of a revision, a
 * client class), never an allocation order that a strategy could change.  So
 * two strategies share their luck, and adding a stream changes no other.
 * Streams are disjoint by construction: Philox is a bijection for a key.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
#ifndef KERNEL_RNG_H
#define KERNEL_RNG_H
#include <stdint.h>
#include <gsl/gsl_rng.h>

/* A stream is a value: copy it to replay it.  64 bytes or less. */
struct stream {
    uint32_t key[2];
    uint32_t counter[4];        /* block, entity high, purpose and entity low,
                                 * replication */
    uint32_t word[4];           /* the current block */
    unsigned used;              /* words of it handed out, 4 = none left */
};

/* Start the stream (seed, purpose, entity, replication) at its first draw.
 * purpose: 0..255, one per use (models/purposes.h); entity: any 64 bits (streams
 * of entities below 2^56 are disjoint for certain). */
void stream_init(struct stream *s, uint64_t seed, unsigned purpose,
                 uint64_t entity, uint32_t replication);

uint32_t stream_u32(struct stream *s);
uint64_t stream_u64(struct stream *s);

/* Uniform on the open interval (0, 1): odd multiples of 2^-53. */
double stream_u01(struct stream *s);

/* Uniform on 0 .. n-1, exactly.  n >= 1. */
uint32_t stream_below(struct stream *s, uint32_t n);

/* The index-th uniform (from 0) of a stream that hands out nothing else,
 * without any state. */
double stream_u01_at(uint64_t seed, unsigned purpose, uint64_t entity,
                     uint32_t replication, uint64_t index);

/* One Philox4x32-10 block. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2],
                uint32_t out[4]);

/* SplitMix64: one step of a 64-bit mixer; the next state is left in *x. */
uint64_t splitmix64(uint64_t *x);

/* xoshiro256++ for bulk streams, seeded from a Philox address. */
struct bulk {
    uint64_t s[4];
};
void bulk_init(struct bulk *b, uint64_t seed, unsigned purpose,
               uint64_t entity, uint32_t replication);
static inline uint64_t bulk_u64(struct bulk *b)
{
    uint64_t *s = b->s;
    uint64_t sum = s[0] + s[3];
    uint64_t result = ((sum << 23) | (sum >> 41)) + s[0];
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}
/* A uniform on (0, 1) of 64 random bits: odd multiples of 2^-53. */
static inline double u01_of(uint64_t bits)
{
    return ((double)(int64_t)(bits >> 12) + 0.5) * 0x1p-52;
}
static inline double bulk_u01(struct bulk *b)
{
    return u01_of(bulk_u64(b));
}

/* Both as generators of GSL; gsl_rng_set seeds stream (seed, 0, 0, 0). */
extern const gsl_rng_type *const rng_philox;
extern const gsl_rng_type *const rng_xoshiro;

#endif
