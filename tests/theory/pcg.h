/*
 * pcg.h - PCG32, a source of random numbers that shares nothing with ours.
 *
 * Source: O'Neill, "PCG: a family of simple fast space-efficient
 * statistically good algorithms for random number generation", 2014.
 */
#ifndef TESTS_PCG_H
#define TESTS_PCG_H
#include <stdint.h>

struct pcg {
    uint64_t state, increment;
};

static inline uint32_t pcg_u32(struct pcg *p)
{
    uint64_t old = p->state;
    uint32_t x = (uint32_t)((old >> 18 ^ old) >> 27);
    uint32_t turn = (uint32_t)(old >> 59);

    p->state = old * UINT64_C(6364136223846793005) + p->increment;
    return x >> turn | x << (-turn & 31);
}

static inline void pcg_init(struct pcg *p, uint64_t seed, uint64_t stream)
{
    p->state = 0;
    p->increment = stream << 1 | 1;
    pcg_u32(p);
    p->state += seed;
    pcg_u32(p);
}

/* Uniform on (0, 1). */
static inline double pcg_u01(struct pcg *p)
{
    return (pcg_u32(p) + 0.5) * 0x1p-32;
}

#endif
