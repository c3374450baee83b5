/*
 * test_rng.c - known answers, addresses and uniformity of the streams.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_randist.h>
#include "base/bug.h"
#include "kernel/rng.h"

/* Random123 1.14, kat_vectors: philox4x32 10 rounds. */
static const struct {
    uint32_t counter[4], key[2], out[4];
} philox_answers[] = {
    { { 0, 0, 0, 0 }, { 0, 0 },
      { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
      { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

START_TEST(philox_gives_the_published_answers)
{
    uint32_t out[4];

    philox4x32(philox_answers[_i].counter, philox_answers[_i].key, out);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(out[i], philox_answers[_i].out[i]);
}
END_TEST

/* xoshiro256++ from state {1,2,3,4}, by hand for the first: rotl(1 + 4, 23) +
 * 1 = 41943041; the others from the authors' C code. */
START_TEST(xoshiro_gives_the_published_answers)
{
    static const uint64_t want[] = {
        UINT64_C(41943041), UINT64_C(58720359), UINT64_C(3588806011781223),
        UINT64_C(3591011842654386), UINT64_C(9228616714210784205),
        UINT64_C(9973669472204895162),
    };
    struct bulk b = { { 1, 2, 3, 4 } };

    for (size_t i = 0; i < COUNT_OF(want); i++)
        ck_assert_uint_eq(bulk_u64(&b), want[i]);
}
END_TEST

/* Rosetta Code, "Pseudo-random numbers/Splitmix64", seed 1234567. */
START_TEST(splitmix_gives_the_published_answers)
{
    static const uint64_t want[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    uint64_t x = 1234567;

    for (size_t i = 0; i < COUNT_OF(want); i++)
        ck_assert_uint_eq(splitmix64(&x), want[i]);
}
END_TEST

START_TEST(a_stream_is_a_value_that_can_be_replayed)
{
    struct stream s, copy;

    ck_assert_uint_le(sizeof s, 64);
    stream_init(&s, 1, 2, 3, 4);
    for (int i = 0; i < 7; i++)
        stream_u32(&s);
    copy = s;
    for (int i = 0; i < 50; i++)
        ck_assert_uint_eq(stream_u64(&s), stream_u64(&copy));
}
END_TEST

START_TEST(the_ith_uniform_needs_no_state)
{
    struct stream s;

    stream_init(&s, 11, 7, UINT64_C(0x123456789abcdef), 5);
    for (uint64_t i = 0; i < 1000; i++)
        ck_assert_double_eq(stream_u01(&s),
                            stream_u01_at(11, 7, UINT64_C(0x123456789abcdef),
                                          5, i));
}
END_TEST

static int by_size(const void *va, const void *vb)
{
    const uint64_t *a = va, *b = vb;

    return *a < *b ? -1 : *a > *b;
}

/* Every part of the address matters, alone: no two first draws are equal (by
 * chance two of 3000 words of 64 bits agree with probability 2.4e-13). */
START_TEST(every_part_of_an_address_makes_another_stream)
{
    uint64_t first[3000];
    size_t n = 0;
    struct stream s;

    for (unsigned i = 0; i < 64; i++) {
        stream_init(&s, UINT64_C(1) << i, 0, 0, 0);
        first[n++] = stream_u64(&s);
        stream_init(&s, 0, 0, UINT64_C(1) << i, 0);
        first[n++] = stream_u64(&s);
    }
    for (unsigned i = 1; i < 256; i++) {
        stream_init(&s, 0, i, 0, 0);
        first[n++] = stream_u64(&s);
    }
    for (unsigned i = 0; i < 32; i++) {
        stream_init(&s, 0, 0, 0, UINT32_C(1) << i);
        first[n++] = stream_u64(&s);
    }
    while (n < COUNT_OF(first)) {
        stream_init(&s, 0, 3, n, 9);
        first[n++] = stream_u64(&s);
    }
    qsort(first, n, sizeof *first, by_size);
    for (size_t i = 1; i < n; i++)
        ck_assert_uint_ne(first[i], first[i - 1]);
}
END_TEST

static int by_value(const void *va, const void *vb)
{
    const double *a = va, *b = vb;

    return (*a > *b) - (*a < *b);
}

/* Kolmogorov-Smirnov distance times sqrt(n); above 1.95 with probability
 * 0.001 if u is uniform (the limit law). */
static double ks(double *u, size_t n)
{
    double d = 0;

    qsort(u, n, sizeof *u, by_value);
    for (size_t i = 0; i < n; i++) {
        d = fmax(d, u[i] - (double)i / (double)n);
        d = fmax(d, (double)(i + 1) / (double)n - u[i]);
    }
    return d * sqrt((double)n);
}

#define DRAWS 100000

static double draw_nth(int way, size_t i, struct stream *s, struct bulk *b)
{
    switch (way) {
    case 0:
        return stream_u01(s);
    case 1:
        return bulk_u01(b);
    case 2:
        return stream_u01_at(1, 1, i, 0, 0);    /* adjacent entities */
    case 3:
        return stream_u01_at(i, 1, 0, 0, 0);    /* adjacent seeds */
    default:
        return stream_u01_at(1, 1, 0, (uint32_t)i, 0);
    }
}

START_TEST(uniforms_are_uniform_and_neighbours_independent)
{
    double *u = malloc(DRAWS * sizeof *u), sum = 0;
    struct stream s;
    struct bulk b;

    stream_init(&s, 42, 1, 1, 1);
    bulk_init(&b, 42, 1, 1, 1);
    for (size_t i = 0; i < DRAWS; i++) {
        u[i] = draw_nth(_i, i, &s, &b);
        if (i)
            sum += (u[i] - 0.5) * (u[i - 1] - 0.5);
    }
    /* Products of centred uniforms have variance 1/144; 3.29 sigma. */
    ck_assert_double_lt(fabs(sum / DRAWS), 3.29 / 12 / sqrt(DRAWS));
    ck_assert_double_lt(ks(u, DRAWS), 1.95);
    ck_assert_double_gt(u[0], 0);
    ck_assert_double_lt(u[DRAWS - 1], 1);
    free(u);
}
END_TEST

/* chi^2 with n - 1 degrees of freedom against its 99.9 % point. */
START_TEST(below_n_is_uniform_on_n_numbers)
{
    static const struct {
        uint32_t n;
        double limit;           /* qchisq(0.999, n - 1), R 4.2 */
    } cases[] = { { 2, 10.82757 }, { 3, 13.81551 }, { 7, 22.45774 },
                  { 10, 27.87716 } };
    uint32_t n = cases[_i].n, counts[10] = { 0 };
    double chi = 0, expected = 100000.0 / n;
    struct stream s;

    stream_init(&s, 5, 5, 5, 5);
    for (int i = 0; i < 100000; i++)
        counts[stream_below(&s, n)]++;
    for (uint32_t i = 0; i < n; i++)
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    ck_assert_double_lt(chi, cases[_i].limit);
    ck_assert_uint_eq(stream_below(&s, 1), 0);
    ck_assert_uint_lt(stream_below(&s, UINT32_MAX), UINT32_MAX);
}
END_TEST

START_TEST(both_serve_as_generators_of_gsl)
{
    gsl_rng *r = gsl_rng_alloc(_i ? rng_xoshiro : rng_philox);
    double u[2000], first;
    struct stream s;

    gsl_rng_set(r, 99);
    first = gsl_rng_uniform(r);
    if (_i == 0) {
        stream_init(&s, 99, 0, 0, 0);
        ck_assert_double_eq(first, stream_u01(&s));
    }
    for (size_t i = 0; i < COUNT_OF(u); i++)
        u[i] = exp(-gsl_ran_exponential(r, 1));     /* uniform again */
    ck_assert_double_lt(ks(u, COUNT_OF(u)), 1.95);
    gsl_rng_set(r, 99);
    ck_assert_double_eq(gsl_rng_uniform(r), first);
    ck_assert_uint_le(gsl_rng_get(r), gsl_rng_max(r));
    gsl_rng_free(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rng");
    TCase *tc = tcase_create("rng");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_loop_test(tc, philox_gives_the_published_answers, 0,
                        (int)COUNT_OF(philox_answers));
    tcase_add_test(tc, xoshiro_gives_the_published_answers);
    tcase_add_test(tc, splitmix_gives_the_published_answers);
    tcase_add_test(tc, a_stream_is_a_value_that_can_be_replayed);
    tcase_add_test(tc, the_ith_uniform_needs_no_state);
    tcase_add_test(tc, every_part_of_an_address_makes_another_stream);
    tcase_add_loop_test(tc, uniforms_are_uniform_and_neighbours_independent,
                        0, 5);
    tcase_add_loop_test(tc, below_n_is_uniform_on_n_numbers, 0, 4);
    tcase_add_loop_test(tc, both_serve_as_generators_of_gsl, 0, 2);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
