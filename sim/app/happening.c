/*
 * happening.c - the table of happenings.
 */
#include "app/happening.h"
#include <math.h>
#include "base/bug.h"

static const struct happening_row rows[HAPPENING_COUNT] = {
    [HAPPENING_DOWNTIME] = { "any_downtime", "downtime above 0",
                             METRIC_DOWNTIME, BETTER_LOWER },
    [HAPPENING_FAILURE] = { "any_failure", "at least one failed request",
                            METRIC_FAILED_REQUESTS, BETTER_LOWER },
    [HAPPENING_INCOMPLETE] = { "not_completed", "the release was never "
                               "complete", METRIC_ROLLOUT_SECONDS,
                               BETTER_NONE },
    [HAPPENING_ROLLBACK] = { "rolled_back", "somebody or something decided to "
                             "roll back", METRIC_ROLLBACK_SECONDS,
                             BETTER_NONE },
};

const struct happening_row *happening_row(enum happening h)
{
    CHECK(h < HAPPENING_COUNT);
    return &rows[h];
}

/* A decision leaves a trace in at least one of its times. */
static bool was_rolled_back(const struct experiment *e, size_t v, size_t r)
{
    return !isnan(experiment_value(e, v, r, METRIC_DETECTION_SECONDS)) ||
           !isnan(experiment_value(e, v, r, METRIC_MITIGATION_SECONDS)) ||
           !isnan(experiment_value(e, v, r, METRIC_ROLLBACK_SECONDS));
}

bool happened(const struct experiment *e, size_t v, size_t replication,
              enum happening h)
{
    switch (h) {
    case HAPPENING_INCOMPLETE:
        return isnan(experiment_value(e, v, replication,
                                      METRIC_ROLLOUT_SECONDS));
    case HAPPENING_ROLLBACK:
        return was_rolled_back(e, v, replication);
    default:
        return experiment_value(e, v, replication, rows[h].metric) > 0;
    }
}

size_t happening_count(const struct experiment *e, size_t v, enum happening h)
{
    size_t k = 0;

    for (size_t r = 0; r < e->n; r++)
        k += happened(e, v, r, h);
    return k;
}

bool happening_varies(const struct experiment *e, enum happening h)
{
    bool some = false, all = true;

    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        size_t k = happening_count(e, v, h);

        some |= k > 0;
        all &= k == e->n;
    }
    return some && !all;
}
