/*
 * quick.c - durations from a table, the same ones as from the formula.
 *
 * A draw is rounded to whole units (dist.h), so a good approximation of the
 * law's inverse gives the very same duration unless it falls beside the
 * middle between two of them; there, and where the table does not reach, the
 * formula is asked.  A table changes no result, only its cost.
 *
 * The unit interval is cut into octaves towards both ends, as a double's
 * exponent cuts it, and each of these into parts of equal width with a
 * polynomial.  How good it is, is measured when the table is made, on all of
 * them; where it is not good enough, the part stays with the formula.
 * Source: Hormann, Leydold, "Continuous random variate generation by fast
 * numerical inversion", 2003.
 */
#include <math.h>
#include <string.h>

#include "law_impl.h"

#define OCTAVES 12              /* from 1/2 down to 2^-13, on either side */
#define PART_BITS 3             /* parts of an octave: their logarithm */
#define PARTS (OCTAVES << PART_BITS)
#define SHIFT (52 - PART_BITS)
#define TOP UINT64_C(1022)      /* the exponent field of 1/2 */
#define TERMS 6
#define PI 3.14159265358979323846
#define ONE (UINT64_C(1023) << 52)      /* the bits of 1.0 */
#define GOOD 2e-3               /* error allowed, in units */
#define TOO_NEAR 0.49           /* to the middle between two units */
#define NS_MAX 1e15             /* above, the formula is asked */

struct quick {
    double terms[2][PARTS][TERMS];      /* ns, over a part's -1/2 to 1/2 */
};

static double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

static uint64_t to_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

/* ---- making one --------------------------------------------------------- */

/* The uniform at place z of a part: from -1/2 to 1/2, its ends. */
static double uniform_of(int side, size_t part, double z)
{
    uint64_t least = ((TOP << PART_BITS) - 1 - part) << SHIFT;
    double from = from_bits(least);
    double v = from + (from_bits(least + (UINT64_C(1) << SHIFT)) - from) *
                          (z + 0.5);

    return side ? 1 - v : v;
}

static double polynomial(const double *t, double z)
{
    double zz = z * z;

    return t[0] + t[1] * z + zz * (t[2] + t[3] * z + zz * (t[4] + t[5] * z));
}

/* The polynomial through (z[k], y[k]): Newton's, then its powers of z. */
static void interpolate(const double *z, double *y, double *terms)
{
    for (size_t order = 1; order < TERMS; order++)
        for (size_t k = TERMS - 1; k >= order; k--)
            y[k] = (y[k] - y[k - 1]) / (z[k] - z[k - order]);
    memset(terms, 0, TERMS * sizeof(*terms));
    for (size_t k = TERMS; k-- > 0;) {
        for (size_t i = TERMS - 1; i > 0; i--)
            terms[i] = terms[i - 1] - z[k] * terms[i];
        terms[0] = y[k] - z[k] * terms[0];
    }
}

static void fill_part(const struct dist *d, int side, size_t part,
                      const double *nodes, double *terms)
{
    double y[TERMS];

    for (size_t k = 0; k < TERMS; k++)
        y[k] = dist_real_at(d, uniform_of(side, part, nodes[k])) * 1e9;
    interpolate(nodes, y, terms);
    for (size_t k = 0; k <= TERMS; k++) {       /* where it is worst */
        double z = cos(PI * (double)k / TERMS) / 2;
        double exact = dist_real_at(d, uniform_of(side, part, z)) * 1e9;

        double unit = exact < (double)SIM_MS + 1 ? 1 : 1e3;

        if (!(fabs(polynomial(terms, z) - exact) <= GOOD * unit))
            terms[0] = NAN;
    }
}

void dist_hasten(struct arena *a, struct dist *d)
{
    struct quick *q;
    double nodes[TERMS];

    if (d->law != DIST_EXPONENTIAL && d->law != DIST_LOGNORMAL &&
        d->law != DIST_WEIBULL && d->law != DIST_PARETO)
        return;
    q = arena_make(a, struct quick);
    for (size_t k = 0; k < TERMS; k++)
        nodes[k] = cos(PI * ((double)k + 0.5) / TERMS) / 2;
    for (int side = 0; side < 2; side++)
        for (size_t part = 0; part < PARTS; part++)
            fill_part(d, side, part, nodes, q->terms[side][part]);
    d->quick = q;
}

/* ---- asking it ---------------------------------------------------------- */

/* What the formula gives at u; false if the table cannot say. */
static inline bool quick_at(const struct quick *q, double u, sim_time *t)
{
    int side = u > 0.5;
    double other = 1 - u;
    uint64_t bits = to_bits(other < u ? other : u);
    size_t part = (size_t)((TOP << PART_BITS) - 1 - (bits >> SHIFT));
    double ns, units;
    sim_time whole;

    if (part >= PARTS)
        return false;
    bits = (bits << PART_BITS & ((UINT64_C(1) << 52) - 1)) | ONE;
    ns = polynomial(q->terms[side][part], from_bits(bits) - 1.5);
    if (ns >= (double)SIM_MS + 1 && ns < NS_MAX) {
        units = ns * 1e-3;
        whole = (sim_time)(units + 0.5);
        *t = whole * SIM_US;
        return fabs(units - (double)whole) < TOO_NEAR;
    }
    if (!(ns < (double)SIM_MS - 1))
        return false;
    whole = (sim_time)(ns + 0.5);
    *t = whole;
    return fabs(ns - (double)whole) < TOO_NEAR;
}

sim_time dist_at(const struct dist *d, double u)
{
    sim_time t;

    return d->quick && quick_at(d->quick, u, &t) ? t : law_at(d, u);
}
