/*
 * nodelife_toleration.c - how long a pod puts up with NoExecute taints.
 *
 * Every such taint must be tolerated; the shortest tolerationSeconds counts.
 * What DefaultTolerationSeconds adds at admission is added here: 300 s for
 * not-ready and unreachable each, unless a toleration names the taint, or
 * every taint.
 *
 * Source: kubernetes pkg/controller/tainteviction/taint_eviction.go,
 * plugin/pkg/admission/defaulttolerationseconds at v1.36.2.
 */
#include <string.h>

#include "models/nodelife.h"

#define DEFAULT_SECONDS 300

static bool for_no_execute(const struct toleration *t)
{
    return !t->effect || *t->effect == '\0' ||
           strcmp(t->effect, "NoExecute") == 0;
}

static bool matches(const struct toleration *t, const struct taint *taint)
{
    if (!for_no_execute(t))
        return false;
    if (t->key && *t->key && strcmp(t->key, taint->key) != 0)
        return false;
    return t->exists || (t->key && strcmp(t->value ? t->value : "",
                                          taint->value) == 0);
}

/* Does a toleration say anything about this key? */
static bool mentioned(const struct pod_spec *s, const char *key)
{
    for (size_t i = 0; i < s->ntolerations; i++) {
        const struct toleration *t = &s->tolerations[i];

        if (for_no_execute(t) &&
            (!t->key || *t->key == '\0' || strcmp(t->key, key) == 0))
            return true;
    }
    return false;
}

/* Seconds that one taint is put up with; -1: for ever, 0: not at all. */
static int64_t tolerated(const struct pod_spec *s, const struct taint *taint)
{
    for (size_t i = 0; i < s->ntolerations; i++)
        if (matches(&s->tolerations[i], taint))
            return s->tolerations[i].seconds;
    if ((strcmp(taint->key, TAINT_NOT_READY) == 0 ||
         strcmp(taint->key, TAINT_UNREACHABLE) == 0) &&
        !mentioned(s, taint->key))
        return DEFAULT_SECONDS;
    return 0;
}

sim_time taints_tolerated_for(const struct pod_spec *s,
                              const struct taint *taints, size_t n)
{
    sim_time least = SIM_NEVER;

    for (size_t i = 0; i < n; i++) {
        int64_t seconds;

        if (strcmp(taints[i].effect, "NoExecute") != 0)
            continue;
        seconds = tolerated(s, &taints[i]);
        if (seconds >= 0 && seconds * SIM_S < least)
            least = seconds * SIM_S;
    }
    return least;
}
