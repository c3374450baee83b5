/*
 * purposes.h - the purposes of random streams that belong to statistics.
 *
 * Models number theirs from 0 (models/purposes.h); statistics count down from
 * 255, so that analysing a run never touches a stream that made it.
 */
#ifndef STATS_PURPOSES_H
#define STATS_PURPOSES_H

enum {
    STATS_BOOTSTRAP = 255,      /* resamples of bootstrap-t intervals */
    STATS_DESIGN = 254,         /* permutations and shifts of designs */
};

#endif
