/*
 * deployment_status.c - conditions of a Deployment, and its progress deadline.
 *
 * A condition is touched only when its status or reason changes; its last
 * transition only when its status does.  The deadline bounds the time without
 * progress: every sync that sees more updated, ready or available pods, or
 * fewer old ones, starts the clock anew.  Passing it only sets a condition.
 *
 * Source: kubernetes pkg/controller/deployment/progress.go and
 * util/deployment_util.go at v1.36.2; reference 1.12, 1.13.
 */
#include "models/deployment.h"

#include <string.h>

bool condition_because(const struct condition *c, const char *reason)
{
    return c->status != CONDITION_ABSENT && c->reason &&
           strcmp(c->reason, reason) == 0;
}

void condition_set(struct condition *c, enum condition_status status,
                   const char *reason, const char *message, sim_time now)
{
    if (c->status == status && condition_because(c, reason))
        return;
    *c = (struct condition){
        .status = status,
        .reason = reason,
        .message = message,
        .updated = now,
        .changed = c->status == status ? c->changed : now,
    };
}

bool deployment_has_deadline(const struct deployment *d)
{
    return d->progress_deadline_s != NO_DEADLINE;
}

bool deployment_complete(const struct deployment *d,
                         const struct deployment *s)
{
    return s->updated == d->replicas && s->status_replicas == d->replicas &&
           s->available == d->replicas &&
           s->observed_generation >= d->meta.generation;
}

bool deployment_progressing(const struct deployment *d,
                            const struct deployment *s)
{
    return s->updated > d->updated ||
           s->status_replicas - s->updated <
               d->status_replicas - d->updated ||
           s->ready > d->ready || s->available > d->available;
}

/* When the deadline passes, if nothing happens. */
static sim_time deadline_of(const struct deployment *d,
                            const struct condition *progressing)
{
    return progressing->updated + d->progress_deadline_s * SIM_S;
}

bool deployment_timed_out(const struct deployment *d,
                          const struct condition *progressing, sim_time now)
{
    if (!deployment_has_deadline(d) ||
        progressing->status == CONDITION_ABSENT)
        return false;
    if (condition_because(progressing, "NewReplicaSetAvailable"))
        return false;
    if (condition_because(progressing, "ProgressDeadlineExceeded"))
        return true;
    return deadline_of(d, progressing) < now;
}

sim_time deployment_recheck(const struct deployment *d, sim_time now)
{
    const struct condition *c = &d->progressing;
    sim_time left;

    if (!deployment_has_deadline(d) || c->status == CONDITION_ABSENT ||
        deployment_complete(d, d) ||
        condition_because(c, "ProgressDeadlineExceeded"))
        return SIM_NEVER;
    left = deadline_of(d, c) - now;
    return left < SIM_S ? 0 : left;
}
