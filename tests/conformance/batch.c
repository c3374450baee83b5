/*
 * batch.c - tables about Jobs and CronJobs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conformance.h"
#include "models/cron.h"
#include "models/jobs.h"

/* ---- back-off of Jobs -------------------------------------------------------- */

static bool check_backoff(const struct conf_row *row, char *why, size_t room)
{
    sim_time left = job_backoff_left(
        (int)conf_int(row, "failures_after_last_success", 0),
        conf_int(row, "seconds_since_last_failure", 0) * SIM_S,
        conf_int(row, "default_backoff_s", 0) * SIM_S,
        conf_int(row, "max_backoff_s", 0) * SIM_S);

    if (left == conf_int(row, "remaining_s", -1) * SIM_S)
        return true;
    return conf_why(why, room, "%lld s left", (long long)(left / SIM_S));
}

const struct conf_table conf_job_pod_failure_backoff = {
    .name = "job_pod_failure_backoff", .check = check_backoff,
};

/* ---- schedules ------------------------------------------------------------------ */

#define ROOM 512

/* The schedule, which is not quoted and may hold commas: all cells from the
 * second to the last but `after` of them. */
static const char *schedule_of(const struct conf_row *row, size_t after,
                               char *room)
{
    size_t last = row->ncells - after - 1;

    CHECK(row->ncells > after + 1);
    room[0] = '\0';
    for (size_t i = 1; i <= last; i++) {
        if (i > 1)
            strncat(room, ",", ROOM - strlen(room) - 1);
        strncat(room, row->cells[i], ROOM - strlen(room) - 1);
    }
    return room;
}

static int64_t time_of(const char *cell)
{
    int64_t t;

    return cron_read_time(cell, &t) ? t : CRON_NONE;
}

static bool check_next(const struct conf_row *row, char *why, size_t room)
{
    char text[ROOM], got[32];
    struct cron c;
    const char *fault = cron_parse(schedule_of(row, 2, text), &c);
    int64_t next = fault ? CRON_NONE
                         : cron_next(&c, time_of(row->cells[row->ncells - 2]));

    if (!fault && next == time_of(row->cells[row->ncells - 1]))
        return true;
    return conf_why(why, room, "%s: %s", text,
                    fault ? fault : cron_format(got, next));
}

const struct conf_table conf_cron_next = {
    .name = "cron_next", .check = check_next,
};

static bool check_most_recent(const struct conf_row *row, char *why,
                              size_t room)
{
    static const char *const classes[] = { "none", "few", "many" };
    char text[ROOM], got[32];
    /* The columns after the schedule, from the end. */
    const char *const *cells = row->cells + row->ncells - 8;
    struct cron_due due;
    struct cron c;
    int64_t deadline = strcmp(cells[2], "none") == 0 ||
                       strcmp(cells[3], "1") != 0 ? -1 : atoll(cells[2]);
    const char *fault = cron_parse(schedule_of(row, 8, text), &c);

    if (fault)
        return conf_why(why, room, "%s: %s", text, fault);
    due = cron_most_recent(&c, time_of(cells[0]), time_of(cells[1]), deadline,
                           time_of(cells[4]));
    if (due.error)
        return strcmp(cells[7], "1") == 0 ||
               conf_why(why, room, "error");
    if (due.time == time_of(cells[5]) &&
        strcmp(classes[due.missed], cells[6]) == 0)
        return true;
    return conf_why(why, room, "%s, %s missed",
                    due.time == CRON_NONE ? "none"
                                          : cron_format(got, due.time),
                    classes[due.missed]);
}

const struct conf_table conf_cronjob_most_recent = {
    .name = "cronjob_most_recent", .check = check_most_recent,
};
