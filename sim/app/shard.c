/*
 * shard.c - which part is ours.
 */
#include "app/shard.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/units.h"

/* A whole number from the environment: 1 if there, 0 if not, -1 after an
 * error. */
static int environment(struct app *app, const char *name, int64_t *out)
{
    const char *text = getenv(name);

    if (!text || !text[0])
        return 0;
    if (parse_int(text, out, NULL) && *out >= 0)
        return 1;
    cli_usage(app, "--shard auto: %s is no whole number: \"%s\"", name, text);
    return -1;
}

static bool check(struct app *app, int64_t index, int64_t count,
                  const char *from, struct shard *out)
{
    if (count < 1 || index < 0 || index >= count) {
        cli_usage(app, "%s: shard %" PRId64 " of %" PRId64 " is not from 0/N "
                  "to N-1/N", from, index, count);
        return false;
    }
    *out = (struct shard){ (size_t)index, (size_t)count };
    return true;
}

/* 1: a Slurm array says; 0: this is none; -1: an error. */
static int from_slurm(struct app *app, struct shard *out)
{
    int64_t id, count, low = 0, step = 1;
    int got = environment(app, "SLURM_ARRAY_TASK_ID", &id);

    if (got <= 0)
        return got;
    got = environment(app, "SLURM_ARRAY_TASK_COUNT", &count);
    if (got == 0)
        cli_usage(app, "--shard auto: SLURM_ARRAY_TASK_ID is set, but "
                  "SLURM_ARRAY_TASK_COUNT is not");
    if (got <= 0 || environment(app, "SLURM_ARRAY_TASK_MIN", &low) < 0 ||
        environment(app, "SLURM_ARRAY_TASK_STEP", &step) < 0)
        return -1;
    return check(app, (id - low) / (step > 0 ? step : 1), count,
                 "--shard auto", out) ? 1 : -1;
}

static bool from_index(struct app *app, struct shard *out)
{
    int64_t index, count;
    int got = environment(app, "JOB_COMPLETION_INDEX", &index);

    if (got == 0)
        cli_usage(app, "--shard auto: neither SLURM_ARRAY_TASK_ID nor "
                  "JOB_COMPLETION_INDEX is set");
    if (got <= 0)
        return false;
    got = environment(app, "ROLLSIM_SHARDS", &count);
    if (got == 0)
        cli_usage(app, "--shard auto: JOB_COMPLETION_INDEX is set, but "
                  "ROLLSIM_SHARDS (the Job's completions) is not");
    return got > 0 && check(app, index, count, "--shard auto", out);
}

bool shard_read(struct app *app, struct shard *out)
{
    const char *text = app->o.shard, *slash;
    int64_t index, count;
    int got;

    *out = (struct shard){ 0, 1 };
    if (!text)
        return true;
    if (strcmp(text, "auto") == 0) {
        got = from_slurm(app, out);
        return got > 0 || (got == 0 && from_index(app, out));
    }
    slash = strchr(text, '/');
    if (slash && parse_int(arena_strndup(app->arena, text,
                                         (size_t)(slash - text)), &index,
                           NULL) && parse_int(slash + 1, &count, NULL))
        return check(app, index, count, "--shard", out);
    cli_usage(app, "--shard must be I/N, such as 0/4, or auto, got \"%s\"",
              text);
    return false;
}
