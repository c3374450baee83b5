/*
 * cron.h - schedules of CronJobs: when is the next run, which one is due?
 *
 * Times are seconds since 1970-01-01T00:00:00Z.  A schedule is understood as
 * the controller's library does (five fields, names, ranges, steps, @daily and
 * its kind, @every); fields are in UTC.
 */
#ifndef MODELS_CRON_H
#define MODELS_CRON_H
#include <stdbool.h>
#include <stdint.h>

#define CRON_NONE INT64_MIN     /* no such time within five years */

struct cron {
    uint64_t minute, hour, day, month, weekday; /* bit v: value v is allowed */
    bool any_day, any_weekday;  /* the field is * or ?: it does not restrict */
    int64_t every_s;            /* of @every; 0: by the fields */
};

/* Understand text into *out.  Returns NULL, or what is wrong with it. */
const char *cron_parse(const char *text, struct cron *out);

/* The first activation after `after`; CRON_NONE if there is none. */
int64_t cron_next(const struct cron *c, int64_t after);

enum cron_missed { MISSED_NONE, MISSED_FEW, MISSED_MANY };

struct cron_due {
    int64_t earliest;           /* from when on runs were looked for */
    int64_t time;               /* the most recent run due; CRON_NONE */
    enum cron_missed missed;    /* MANY: more than 100 */
    bool error;                 /* two runs are less than a second apart */
};

/* The most recent run due in (earliest, now] (mostRecentScheduleTime).
 * last: the run started last, CRON_NONE if none; deadline_s: the starting
 * deadline, -1 for none or to leave it out of account. */
struct cron_due cron_most_recent(const struct cron *c, int64_t created,
                                 int64_t last, int64_t deadline_s,
                                 int64_t now);

/* The run to wait for (nextScheduleTimeDuration, without its 100 ms). */
int64_t cron_wait_for(const struct cron *c, int64_t created, int64_t last,
                      int64_t now);

/* "2026-11-23T07:46:00Z"; room: at least 32 bytes.  Returns room. */
char *cron_format(char *room, int64_t t);
/* Read that form; false if it is another. */
bool cron_read_time(const char *text, int64_t *t);

#endif
