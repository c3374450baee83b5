/*
 * argo.c - kubectl argo rollouts: what people type at a Rollout.
 *
 * promote ends a pause, or else takes one step; with --full it skips all that
 * is left.  abort sends users back to the stable version and stays there until
 * a retry or another template.  undo writes the template of an earlier
 * revision, which is an update like any other.
 *
 * Source: argo-rollouts pkg/kubectl-argo-rollouts/cmd at 9f8d111d; reference
 * on progressive delivery 1.10.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kubectl_impl.h"
#include "models/argo.h"

/* The Rollout of the i-th word that names one ("retry rollout NAME" has one
 * word more); NULL, refused, if there is none. */
static const struct argo *find(struct kubectl *k, size_t i)
{
    struct target t = { .kind = KIND_ROLLOUT, .resource = "rollouts",
                        .name = k->c.words[i] };
    const struct meta *m = kubectl_find(k, &t);

    return m ? argo_seen(m) : NULL;
}

/* A draft of the status of r. */
static struct argo *edit_status(struct kubectl *k, const struct argo *r)
{
    return argo_of(api_draft(k->w->api, &r->meta));
}

static bool commit_status(struct kubectl *k, struct argo *draft,
                          const char *done)
{
    const char *name = draft->meta.name, *reason = NULL;
    const struct meta *result = NULL;

    if (!kubectl_may(k, "patch", KIND_ROLLOUT, "status", draft->meta.space,
                     name)) {
        api_drop(k->w->api, &draft->meta);
        return false;
    }
    if (api_update_status(k->w->api, &draft->meta, &result, &reason) !=
        API_OK) {
        kubectl_refuse(k, "Error: %s", reason ? reason : "refused");
        return false;
    }
    kubectl_say(k, result, "rollout '%s' %s", name, done);
    return true;
}

/* ---- set image ------------------------------------------------------------------- */

static const char *argo_image_check(struct arena *a,
                                    const struct kubectl_command *c)
{
    for (size_t i = 1; i < c->nwords; i++)
        if (!strchr(c->words[i], '='))
            return arena_printf(a, "expected image update in the form: "
                                "CONTAINER=IMAGE, got \"%s\"", c->words[i]);
    return NULL;
}

/* As kubectl set image rollout/NAME, if that knew Rollouts; of the Deployment
 * that the Rollout takes its template from, if it does. */
static bool argo_image_step(struct kubectl *k, size_t i)
{
    const char **words = arena_many(k->arena, const char *, k->c.nwords);
    const struct argo *r = i == 0 ? find(k, 0) : NULL;

    if (i == 0 && !r)
        return false;
    if (i == 0) {
        memcpy(words, k->c.words, k->c.nwords * sizeof(*words));
        words[0] = r->workload
            ? arena_printf(k->arena, "deployment/%s", r->workload)
            : arena_printf(k->arena, "rollout/%s", words[0]);
        k->c.words = words;
    }
    return verb_set_image.step(k, i);
}

const struct verb_ops verb_argo_set_image = {
    .name = "argo rollouts set image",
    .usage = "NAME CONTAINER=IMAGE...",
    .doc = "give the containers of a Rollout another image",
    .min_words = 2,
    .check = argo_image_check,
    .step = argo_image_step,
};

/* ---- promote ------------------------------------------------------------------------ */

static const struct kubectl_flag promote_flags[] = {
    { "full", 0, KUBECTL_SWITCH, "skip analysis, pauses and steps" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static void promote_full(struct argo *r)
{
    if (r->stable && r->current && strcmp(r->stable, r->current) != 0)
        r->promote_full = true;
    r->pauses = 0;
}

static void promote_once(struct argo *r)
{
    unsigned inconclusive = r->pauses & (PAUSE_INCONCLUSIVE_ANALYSIS |
                                         PAUSE_INCONCLUSIVE_EXPERIMENT);

    if (r->pauses && !inconclusive) {
        r->promoted_once = true;
        r->pauses = 0;
    } else {
        r->step += (size_t)r->step < r->nsteps;
        r->pauses = 0;
        r->promoted_once = false;
    }
}

/* The user's own pause ends as well. */
static const struct argo *unpause(struct kubectl *k, const struct argo *r)
{
    const struct meta *result = NULL;
    const char *reason = NULL;
    struct meta *draft;

    if (!kubectl_may(k, "patch", KIND_ROLLOUT, NULL, r->meta.space,
                     r->meta.name))
        return NULL;
    draft = kubectl_edit(k, &r->meta,
                         kubectl_patch_of(k->arena, "spec.paused",
                                          value_null(k->arena, NULL)), true);
    if (draft && api_update(k->w->api, draft, &result, &reason) != API_OK)
        kubectl_refuse(k, "Error: %s", reason ? reason : "refused");
    return result ? argo_seen(result) : NULL;
}

static bool promote_step(struct kubectl *k, size_t i)
{
    const struct argo *r = find(k, i);
    struct argo *draft;

    if (r && r->paused)
        r = unpause(k, r);
    if (!r)
        return false;
    draft = edit_status(k, r);
    if (kubectl_flag(&k->c, "full"))
        promote_full(draft);
    else
        promote_once(draft);
    return commit_status(k, draft, kubectl_flag(&k->c, "full")
                                       ? "fully promoted" : "promoted") &&
           i + 1 < k->c.nwords;
}

const struct verb_ops verb_argo_promote = {
    .name = "argo rollouts promote",
    .usage = "NAME... [--full]",
    .doc = "end the pause of a Rollout, or take its next step",
    .flags = promote_flags,
    .min_words = 1,
    .step = promote_step,
};

/* ---- abort, retry ------------------------------------------------------------------- */

static bool abort_step(struct kubectl *k, size_t i)
{
    const struct argo *r = find(k, i);
    struct argo *draft;

    if (!r)
        return false;
    draft = edit_status(k, r);
    draft->aborted = true;
    draft->aborted_at = world_now(k->w);
    draft->pauses = 0;
    draft->promote_full = false;
    draft->message = "aborted by a person";
    return commit_status(k, draft, "aborted") && i + 1 < k->c.nwords;
}

const struct verb_ops verb_argo_abort = {
    .name = "argo rollouts abort",
    .usage = "NAME...",
    .doc = "send users back to the stable version of a Rollout",
    .min_words = 1,
    .step = abort_step,
};

static const char *retry_check(struct arena *a,
                               const struct kubectl_command *c)
{
    (void)a;
    return strcmp(c->words[0], "rollout") == 0
               ? NULL : "only a rollout can be retried: retry rollout NAME";
}

static bool retry_step(struct kubectl *k, size_t i)
{
    const struct argo *r = find(k, i + 1);
    struct argo *draft;

    if (!r)
        return false;
    draft = edit_status(k, r);
    draft->aborted = draft->promoted_once = false;
    draft->pauses = 0;
    draft->step = 0;
    return commit_status(k, draft, "retried") && i + 2 < k->c.nwords;
}

const struct verb_ops verb_argo_retry = {
    .name = "argo rollouts retry",
    .usage = "rollout NAME...",
    .doc = "begin an aborted update again",
    .min_words = 2,
    .check = retry_check,
    .step = retry_step,
};

/* ---- undo ------------------------------------------------------------------------------ */

static const struct kubectl_flag undo_flags[] = {
    { "to-revision", 0, KUBECTL_COUNT, "which; 0: the one before the newest" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

/* The set of a revision; 0: of the one before the newest. */
static const struct replicaset *set_of(const struct kubectl *k,
                                       const struct argo *r, int64_t revision)
{
    size_t n;
    const object_uid *uids = api_owned(k->w->api, r->meta.uid, &n);
    const struct replicaset *found = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct meta *m = api_get(k->w->api, uids[i]);
        const struct replicaset *s = replicaset_seen(m);

        if (m->kind != KIND_REPLICASET || argo_is_experiment(s))
            continue;
        if (revision != 0 ? s->revision == revision
                          : s->revision < r->revision &&
                                (!found || s->revision > found->revision))
            found = s;
    }
    return found;
}

bool argo_undo(struct kubectl *k, const struct argo *r, int64_t revision)
{
    const struct replicaset *set;
    const struct value *v;
    struct meta *draft;

    if (!kubectl_may(k, "list", KIND_REPLICASET, NULL, r->meta.space, NULL))
        return false;
    set = set_of(k, r, revision);
    if (!set) {
        kubectl_refuse(k, revision ? "Error: unable to find specified "
                       "revision %lld in history"
                       : "Error: no revision found to roll back to",
                       (long long)revision);
        return false;
    }
    v = value_set(k->arena, set->template->raw,
                  "metadata.labels.\"" ARGO_HASH "\"", NULL);
    draft = kubectl_decode(k, KIND_ROLLOUT,
                           value_set(k->arena, r->raw, "spec.template", v),
                           &r->meta);
    return draft && kubectl_update(k, draft, "rolled back");
}

static bool undo_step(struct kubectl *k, size_t i)
{
    const struct argo *r = find(k, i);
    const char *to = kubectl_flag(&k->c, "to-revision");

    return r && argo_undo(k, r, to ? strtoll(to, NULL, 10) : 0) &&
           i + 1 < k->c.nwords;
}

const struct verb_ops verb_argo_undo = {
    .name = "argo rollouts undo",
    .usage = "NAME... [--to-revision=N]",
    .doc = "bring back the template of an earlier revision",
    .flags = undo_flags,
    .min_words = 1,
    .step = undo_step,
};

/* ---- restart ------------------------------------------------------------ */

static const struct kubectl_flag restart_flags[] = {
    { "in", 0, KUBECTL_TEXT, "how long from now, for example 10s" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *restart_check(struct arena *a,
                                 const struct kubectl_command *c)
{
    const char *in = kubectl_flag(c, "in");
    int64_t ns;

    return !in || parse_duration(in, &ns, NULL)
               ? NULL : arena_printf(a, "time: invalid duration \"%s\"", in);
}

static bool restart_step(struct kubectl *k, size_t i)
{
    const struct argo *r = find(k, i);
    const char *in = kubectl_flag(&k->c, "in");
    int64_t wait = 0;
    time_t t;
    struct tm tm;
    char text[32];
    struct meta *draft;

    if (!r)
        return false;
    if (in)
        parse_duration(in, &wait, NULL);
    t = (time_t)world_clock(k->w, world_now(k->w) + wait);
    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    draft = kubectl_edit(k, &r->meta, kubectl_patch_of(
        k->arena, "spec.restartAt", value_string(k->arena, text, NULL)), true);
    return draft && kubectl_update(k, draft, "restarts") &&
           i + 1 < k->c.nwords;
}

const struct verb_ops verb_argo_restart = {
    .name = "argo rollouts restart",
    .usage = "NAME... [--in=DURATION]",
    .doc = "replace the pods of a Rollout that are older than now",
    .flags = restart_flags,
    .min_words = 1,
    .check = restart_check,
    .step = restart_step,
};
