/*
 * design.h - which points of a parameter space to try.
 *
 * A point is d coordinates in [0, 1); points stand row by row in an array of
 * n * d.  design_level turns a coordinate into one of m given values.
 */
#ifndef STATS_DESIGN_H
#define STATS_DESIGN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

#define DESIGN_SOBOL_MAX 40     /* dimensions of GSL's Sobol sequence */

/* Latin hypercube: in every coordinate exactly one point in each of the n
 * slices.  Of 50 random ones the one whose closest two points are farthest
 * apart.  seed: of stream STATS_DESIGN.  O(50 n^2 d). */
void design_lhs(struct arena *scratch, double *points, size_t n, size_t d,
                uint64_t seed);

/* The first n points of the Sobol sequence, all moved by one random vector
 * modulo 1 (several seeds give an error estimate).  Returns false and leaves
 * points alone if d is 0 or above DESIGN_SOBOL_MAX. */
bool design_sobol(double *points, size_t n, size_t d, uint64_t seed);

/* Combination number i of the full factorial over d parameters with
 * levels[j] >= 1 values each: sets level[j], the last parameter turning
 * fastest.  i below the product of the levels. */
void design_grid(size_t i, const size_t *levels, size_t d, size_t *level);

/* Which of m >= 1 values the coordinate u in [0, 1) means. */
size_t design_level(double u, size_t m);

#endif
