/*
 * argo_plan.c - one pass over a Rollout: what both strategies share.
 *
 * A pass sorts the ReplicaSets into new, stable and older.  A template or a
 * list of steps that it has not met yet begins an update: the new set is made
 * (with no pods) or claimed, pauses and abort are cleared, and nothing else is
 * done.  If spec.replicas changed, only sizes are.  Else Services, routes,
 * sizes, steps and promotion are looked at, in the order of the strategy, from
 * what was seen; the status is written last.
 *
 * Not modelled: pingPong, ephemeral metadata,
 * anti-affinity, step plugins.  A verified weight is one that was written.
 * Source: argo-rollouts rollout/controller.go, sync.go, canary.go,
 * bluegreen.go at 9f8d111d; reference on progressive delivery 1.4 to 1.11.
 */
#include "argo_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"

#define DEADLINE "scale-down-deadline"

bool argo_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

const char *argo_hash_of(const struct replicaset *set)
{
    return set ? labels_get(set->meta.labels, ARGO_HASH) : NULL;
}

sim_time argo_deadline(const struct replicaset *set)
{
    const char *text = labels_get(set->meta.annotations, DEADLINE);

    return text ? strtoll(text, NULL, 10) : SIM_NEVER;
}

/* ---- what a pass writes ---------------------------------------------------------- */

void argo_tell(struct argo_pass *k, const char *type, const char *reason,
               const char *format, ...)
{
    struct argo_note note = { .type = type, .reason = reason };
    va_list args;

    note.strategy = strcmp(type, "Strategy") == 0;

    va_start(args, format);
    note.text = arena_vprintf(k->v->keep, format, args);
    va_end(args);
    vec_push(k->v->scratch, &k->p->notes, note);
}

void argo_put(struct argo_pass *k, struct argo_write w)
{
    vec_push(k->v->scratch, &k->p->writes, w);
}

void argo_wake(struct argo_pass *k, sim_time t)
{
    if (t < k->p->wake)
        k->p->wake = t;
}

static struct replicaset *edit(struct argo_pass *k,
                               const struct replicaset *set)
{
    for (size_t i = 0; i < k->nall; i++) {
        if (k->sets[i].seen != set)
            continue;
        if (!k->sets[i].mind)
            k->sets[i].mind = arena_memdup(k->v->scratch, set, sizeof(*set));
        return k->sets[i].mind;
    }
    BUG("a set that the Rollout does not own");
}

void argo_resize(struct argo_pass *k, const struct replicaset *set, int size)
{
    struct replicaset *mind = edit(k, set);
    const char *revision = argo_is_experiment(set) ? "" : arena_printf(
        k->v->scratch, " (revision %lld)", (long long)set->revision);

    if (size != set->replicas)
        argo_tell(k, "Normal", "ScalingReplicaSet",
                  "Scaled %s ReplicaSet %s%s from %d to %d",
                  size > set->replicas ? "up" : "down", set->meta.name,
                  revision, set->replicas, size);
    mind->replicas = size;
    mind->desired = k->r->replicas;
}

void argo_set_deadline(struct argo_pass *k, const struct replicaset *set,
                       sim_time deadline)
{
    const char *text = NULL;

    if (deadline == argo_deadline(set))
        return;
    if (deadline != SIM_NEVER) {
        text = arena_printf(k->v->keep, "%lld", (long long)deadline);
        argo_wake(k, deadline);
    }
    edit(k, set)->meta.annotations = labels_with(
        k->v->keep, set->meta.annotations, DEADLINE, text);
}

void argo_select(struct argo_pass *k, const char *service, const char *hash)
{
    const char *now = k->v->selected(k->v->ctx, service);

    if (!now || strcmp(now, hash) == 0)
        return;
    argo_put(k, (struct argo_write){ .verb = ARGO_SELECT, .service = service,
                                .hash = hash });
    argo_tell(k, "Strategy", "SwitchService",
              "Switched selector for service '%s' from '%s' to '%s'", service,
              now, hash);
}

/* ---- pauses, analyses, aborts ------------------------------------------------------ */

bool argo_is_halted(const struct argo_pass *k)
{
    return k->r->paused || (k->r->pauses & (PAUSE_INCONCLUSIVE_ANALYSIS |
                                            PAUSE_INCONCLUSIVE_EXPERIMENT));
}

bool argo_pause(struct argo_pass *k, enum argo_pause reason, int64_t seconds)
{
    struct argo *r = k->r;

    if (r->promoted_once)
        return true;
    if (!(r->pauses & (unsigned)reason)) {
        r->pauses |= (unsigned)reason;
        r->paused_at = k->v->now;
        argo_tell(k, "Strategy", "RolloutPaused", "Rollout is paused (%s)",
                  reason == PAUSE_BLUE_GREEN ? "BlueGreenPause"
                                             : "CanaryPauseStep");
    }
    if (seconds == PAUSE_FOREVER)
        return false;
    if (k->v->now >= r->paused_at + seconds * SIM_S)
        return true;
    argo_wake(k, r->paused_at + seconds * SIM_S);
    return false;
}

static void stop_update(struct argo_pass *k, const char *why)
{
    struct argo *r = k->r;

    if (r->aborted)
        return;
    r->aborted = true;
    r->aborted_at = k->v->now;
    r->pauses = 0;
    r->message = why;
    k->p->rolls_back = true;
    argo_tell(k, "Strategy", "RolloutAborted", "Rollout aborted update to "
              "revision %lld: %s", (long long)r->revision, why);
}

/* Has what is asked for been passed?  It aborts and pauses as it came out. */
static bool settle(struct argo_pass *k, enum argo_verdict verdict,
                   const char *why, enum argo_pause pause, bool background)
{
    struct argo *r = k->r;
    bool experiment = pause == PAUSE_INCONCLUSIVE_EXPERIMENT;

    switch (verdict) {
    case VERDICT_SUCCESSFUL:
        return true;
    case VERDICT_FAILED:
        stop_update(k, why ? why : experiment ? "the experiment failed"
                                              : "an analysis run failed");
        return false;
    case VERDICT_INCONCLUSIVE:
        if (!r->promoted_once && !(r->pauses & (unsigned)pause)) {
            r->pauses |= (unsigned)pause;
            r->paused_at = k->v->now;
            argo_tell(k, "Strategy", "RolloutPaused", "Rollout is paused (%s)",
                      experiment ? "InconclusiveExperiment"
                                 : "InconclusiveAnalysisRun");
        }
        return r->promoted_once;
    case VERDICT_RUNNING:
        return background;
    }
    return false;
}

bool argo_passes(struct argo_pass *k, enum argo_run run,
                 const struct value *spec)
{
    const char *why = NULL;

    return !spec || settle(k, k->v->analysed(k->v->ctx, run, 0, spec, &why),
                           why, PAUSE_INCONCLUSIVE_ANALYSIS,
                           run == RUN_BACKGROUND);
}

bool argo_passes_experiment(struct argo_pass *k)
{
    const char *why = NULL;

    return settle(k, argo_experiment(k, &why), why,
                  PAUSE_INCONCLUSIVE_EXPERIMENT, false);
}

void argo_promote(struct argo_pass *k)
{
    struct argo *r = k->r;

    if (argo_same(r->stable, r->current))
        return;
    if (r->stable)
        argo_tell(k, "Strategy", "RolloutCompleted",
                  "Rollout completed update to revision %lld (%s)",
                  (long long)r->revision, argo_hash_of(k->new_));
    r->stable = r->current;
    r->step = (int)r->nsteps;
    r->promote_full = r->aborted = r->checkpoint = false;
    r->pauses = 0;
}

/* ---- older sets -------------------------------------------------------------------- */

/* Does a Service still send traffic to this set? */
static bool is_referenced(const struct argo_pass *k,
                          const struct replicaset *set)
{
    const struct argo *r = k->r;
    const struct argo_view *v = k->v;
    const char *hash = argo_hash_of(set);

    if ((r->stable_service &&
         argo_same(v->selected(v->ctx, r->stable_service), hash)) ||
        (r->canary_service &&
         argo_same(v->selected(v->ctx, r->canary_service), hash)))
        return true;
    for (size_t i = 0; i < r->nactive; i++)
        if (argo_same(v->selected(v->ctx, r->active_services[i]), hash))
            return true;
    return false;
}

/* One set that is of no more use; *waiting: kept for a while so far. */
static void retire(struct argo_pass *k, const struct replicaset *set,
                   int *waiting)
{
    const struct argo *r = k->r;
    sim_time deadline = argo_deadline(set);
    bool over = r->strategy == ARGO_BLUE_GREEN ||
                argo_same(r->stable, r->current) || deadline != SIM_NEVER;
    bool delays = over && !r->dynamic_stable_scale &&
                  argo_scale_down_delay(r) > 0 &&
                  (r->scale_down_limit < 0 || *waiting < r->scale_down_limit);

    if (!delays || deadline <= k->v->now) {
        argo_resize(k, set, 0);
        argo_set_deadline(k, set, SIM_NEVER);
        return;
    }
    ++*waiting;
    if (deadline == SIM_NEVER)
        argo_set_deadline(k, set, k->v->now +
                                      argo_scale_down_delay(r) * SIM_S);
    else
        argo_wake(k, deadline);
}

void argo_retire_older(struct argo_pass *k)
{
    int waiting = 0;

    for (size_t i = 0; i < k->nolder; i++)
        if (k->older[i]->replicas > 0 && !is_referenced(k, k->older[i]))
            retire(k, k->older[i], &waiting);
}

/* Sets without pods beyond revisionHistoryLimit go, oldest first. */
static void clean_history(struct argo_pass *k)
{
    int empty = 0;

    for (size_t i = 0; i < k->nolder; i++)
        empty += k->older[i]->replicas == 0 &&
                 k->older[i]->status_replicas == 0;
    for (size_t i = k->nolder; i-- > 0 && empty > k->r->history_limit;) {
        if (k->older[i]->replicas > 0 || k->older[i]->status_replicas > 0)
            continue;
        argo_put(k, (struct argo_write){ .verb = ARGO_DELETE,
                                    .set = k->older[i] });
        empty--;
    }
}

/* ---- a new update ---------------------------------------------------------------------- */

static int64_t next_revision(const struct argo_pass *k)
{
    int64_t most = 0;

    for (size_t i = 0; i < k->nsets; i++)
        if (k->sets[i].seen != k->new_ && k->sets[i].seen->revision > most)
            most = k->sets[i].seen->revision;
    return most + 1;
}

static void create_set(struct argo_pass *k, const char *hash)
{
    const struct argo *r = k->r;
    struct arena *keep = k->v->keep;
    struct replicaset *set = arena_make(k->v->scratch, struct replicaset);

    set->meta.kind = KIND_REPLICASET;
    set->meta.space = r->meta.space;
    set->meta.name = arena_printf(keep, "%s-%s", r->meta.name, hash);
    set->meta.owner = r->meta.uid;
    set->meta.deleted = SIM_NEVER;
    set->template = pod_template_with_label(keep, r->template, ARGO_HASH,
                                            hash);
    set->meta.labels = set->template->labels;
    set->selector = selector_with(keep, r->selector, ARGO_HASH, hash);
    set->min_ready_s = r->min_ready_s;
    set->revision = next_revision(k);
    set->desired = r->replicas;
    set->max = -1;
    argo_put(k, (struct argo_write){ .verb = ARGO_CREATE, .set = set });
    k->r->revision = set->revision;
    argo_tell(k, "Normal", "NewReplicaSetCreated",
              "Created ReplicaSet %s (revision %lld)", set->meta.name,
              (long long)set->revision);
}

static void claim_set(struct argo_pass *k)
{
    struct replicaset *mind = edit(k, k->new_);

    replicaset_set_revision(mind, next_revision(k), k->v->keep);
    mind->desired = k->r->replicas;
    k->r->revision = mind->revision;
}

/* Is this a way back that needs no steps? */
static bool is_fast(const struct argo_pass *k, const char *hash)
{
    const struct argo *r = k->r;
    sim_time *made = arena_many(k->v->scratch, sim_time, k->nsets);

    if (!r->stable || !k->new_)
        return false;
    if (argo_same(hash, r->stable))
        return true;
    if (r->strategy == ARGO_BLUE_GREEN &&
        argo_deadline(k->new_) != SIM_NEVER &&
        argo_deadline(k->new_) > k->v->now)
        return true;
    for (size_t i = 0; i < k->nsets; i++)
        made[i] = k->sets[i].seen->meta.created;
    return k->stable &&
           argo_within_window(r->rollback_window, k->stable->meta.created,
                              k->new_->meta.created, made, k->nsets);
}

static void begin_update(struct argo_pass *k, const char *hash,
                         uint64_t steps)
{
    struct argo *r = k->r;

    r->fast = is_fast(k, hash);
    if (k->new_)
        claim_set(k);
    else
        create_set(k, hash);
    r->current = hash;
    r->steps_identity = steps;
    r->step = r->fast || !r->stable ? (int)r->nsteps : 0;
    r->pauses = 0;
    r->aborted = r->promote_full = r->checkpoint = r->promoted_once = false;
    r->message = NULL;
    r->phase = ARGO_PROGRESSING;
    r->observed_generation = r->meta.generation;
    condition_set(&r->progressing, CONDITION_TRUE, "NewReplicaSetCreated",
                  NULL, k->v->now);
    argo_tell(k, "Strategy", "RolloutUpdated",
              "Rollout updated to revision %lld", (long long)r->revision);
}

/* ---- status ------------------------------------------------------------------------------ */

static void count(struct argo_pass *k)
{
    struct argo *r = k->r;

    r->observed_generation = r->meta.generation;
    r->status_replicas = r->ready = r->available = 0;
    for (size_t i = 0; i < k->nsets; i++) {
        r->status_replicas += k->sets[i].seen->status_replicas;
        r->ready += k->sets[i].seen->ready;
        r->available += k->sets[i].seen->available;
    }
    r->updated = k->new_ ? k->new_->status_replicas : 0;
    if (r->strategy == ARGO_BLUE_GREEN)
        r->available = k->new_ ? k->new_->available : 0;
}

/* Is the deadline of progress not counted now? */
static bool is_waiting(const struct argo *r)
{
    const struct argo_step *step = argo_current_step(r);

    return r->paused || r->pauses != 0 || r->aborted ||
           (step && !argo_same(r->stable, r->current) &&
            (step->pause || step->analysis || step->experiment));
}

static void judge_progress(struct argo_pass *k)
{
    struct argo *r = k->r;
    struct condition *c = &r->progressing;

    if (r->aborted) {
        condition_set(c, CONDITION_FALSE, "RolloutAborted", r->message,
                      k->v->now);
    } else if (is_waiting(r)) {
        condition_set(c, CONDITION_UNKNOWN, "RolloutPaused", NULL, k->v->now);
    } else if (argo_healthy(r)) {
        condition_set(c, CONDITION_TRUE, "NewReplicaSetAvailable", NULL,
                      k->v->now);
    } else if (argo_progresses(k->v->seen, r) ||
               condition_because(c, "RolloutPaused") ||
               condition_because(c, "RolloutAborted")) {
        condition_set(c, CONDITION_TRUE, "ReplicaSetUpdated", NULL,
                      k->v->now);
        c->updated = k->v->now;
    } else if (argo_timed_out(r, k->v->now)) {
        condition_set(c, CONDITION_FALSE, "ProgressDeadlineExceeded", NULL,
                      k->v->now);
        if (r->deadline_abort)
            stop_update(k, "progress deadline exceeded");
    } else if (condition_because(c, "ReplicaSetUpdated") ||
               condition_because(c, "NewReplicaSetCreated")) {
        argo_wake(k, c->updated + r->progress_deadline_s * SIM_S + 1);
    }
}

static enum argo_phase phase_of(const struct argo *r)
{
    if (r->aborted || condition_because(&r->progressing,
                                        "ProgressDeadlineExceeded"))
        return ARGO_DEGRADED;
    if (r->paused || r->pauses)
        return ARGO_PAUSED;
    return argo_healthy(r) ? ARGO_HEALTHY : ARGO_PROGRESSING;
}

static bool same_or_none(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool condition_same(const struct condition *a,
                           const struct condition *b)
{
    return a->status == b->status && a->updated == b->updated &&
           same_or_none(a->reason, b->reason);
}

static bool status_same(const struct argo *a, const struct argo *b)
{
    return same_or_none(a->current, b->current) &&
           same_or_none(a->stable, b->stable) &&
           same_or_none(a->active, b->active) &&
           same_or_none(a->preview, b->preview) &&
           same_or_none(a->canary_hash, b->canary_hash) &&
           a->revision == b->revision && a->step == b->step &&
           a->steps_identity == b->steps_identity &&
           a->aborted == b->aborted && a->promote_full == b->promote_full &&
           a->fast == b->fast && a->checkpoint == b->checkpoint &&
           a->pauses == b->pauses && a->paused_at == b->paused_at &&
           a->promoted_once == b->promoted_once &&
           a->restarted_at == b->restarted_at &&
           a->canary_weight == b->canary_weight &&
           a->stable_weight == b->stable_weight && a->phase == b->phase &&
           a->observed_generation == b->observed_generation &&
           a->status_replicas == b->status_replicas &&
           a->updated == b->updated && a->ready == b->ready &&
           a->available == b->available &&
           condition_same(&a->progressing, &b->progressing);
}

/* Append the writes of sets and of the status. */
static void finish(struct argo_pass *k)
{
    for (size_t i = 0; i < k->nall; i++)
        if (k->sets[i].mind)
            argo_put(k, (struct argo_write){ .verb = ARGO_UPDATE,
                                        .set = k->sets[i].mind });
    if (!status_same(k->v->seen, k->r))
        argo_put(k, (struct argo_write){ .verb = ARGO_STATUS });
}

/* ---- the pass --------------------------------------------------------------------------------- */

static void sort_sets(struct argo_pass *k)
{
    const struct argo_view *v = k->v;

    k->sets = arena_many(v->scratch, struct argo_set, v->nsets);
    k->older = arena_many(v->scratch, const struct replicaset *, v->nsets);
    for (size_t i = 0; i < v->nsets; i++) {
        const struct replicaset *set = v->sets[i];

        if (argo_is_experiment(set))
            continue;
        k->sets[k->nsets++].seen = set;
        if (!k->new_ &&
            set->template->identity == k->r->template->identity)
            k->new_ = set;
        if (argo_same(argo_hash_of(set), k->r->stable))
            k->stable = set;
    }
    for (size_t i = k->nsets; i-- > 0;)
        if (k->sets[i].seen != k->new_ && k->sets[i].seen != k->stable)
            k->older[k->nolder++] = k->sets[i].seen;
    k->nall = k->nsets;
    for (size_t i = 0; i < v->nsets; i++)
        if (argo_is_experiment(v->sets[i]))
            k->sets[k->nall++].seen = v->sets[i];
}

/* Was a set last sized for another spec.replicas? */
static bool is_scaling_event(const struct argo_pass *k)
{
    for (size_t i = 0; i < k->nsets; i++)
        if (k->sets[i].seen->replicas > 0 && k->sets[i].seen->desired >= 0 &&
            k->sets[i].seen->desired != k->r->replicas)
            return true;
    return false;
}

/* Only sizes, of all sets at once. */
static void rescale(struct argo_pass *k)
{
    for (size_t i = 0; i < k->nsets; i++)
        if (k->sets[i].seen->replicas > 0)
            edit(k, k->sets[i].seen)->desired = k->r->replicas;
    if (k->r->strategy == ARGO_BLUE_GREEN)
        argo_blue_green_scale(k);
    else
        argo_canary_scale(k);
}

static uint64_t steps_identity(const struct argo *r)
{
    struct buf text = { 0 };
    const struct value *steps = value_at(r->raw, "spec.strategy.canary.steps");
    uint64_t h = FNV_START;

    if (!steps)
        return 0;
    value_canonical(&text, steps);
    h = fnv64(h, text.text, strlen(text.text));
    buf_free(&text);
    return h;
}

/* An abort takes the steps back, unless there is nothing to take back. */
static void reset_steps(struct argo *r)
{
    if (r->aborted)
        r->step = argo_same(r->stable, r->current) ? (int)r->nsteps : 0;
    else if (!r->stable || r->fast || r->promote_full ||
             argo_same(r->stable, r->current))
        r->step = (int)r->nsteps;
}

/* ---- restarts ---------------------------------------------------------- */

#define LOOK_AGAIN (30 * SIM_S)

/* Evict up to n pods of a set, of those that were created too early; *left:
 * how many there were. */
static int evict(struct argo_pass *k, const struct replicaset *set, int n,
                 int *left)
{
    const object_uid *pods;
    size_t len = k->v->older_pods(k->v->ctx, set, k->v->restart_at, &pods);
    int done = 0;

    *left += (int)len;
    for (size_t i = 0; i < len && done < n; i++, done++)
        argo_put(k, (struct argo_write){ .verb = ARGO_EVICT,
                                         .pod = pods[i] });
    return done;
}

static int old_pods(struct argo_pass *k)
{
    const object_uid *pods;
    int sum = 0;

    for (size_t i = 0; i < k->nsets; i++)
        sum += (int)k->v->older_pods(k->v->ctx, k->sets[i].seen,
                                     k->v->restart_at, &pods);
    return sum;
}

/* Evict pods that were created before restartAt, as many as may be missing,
 * the stable ones first.  True if some were: the pass is over. */
static bool restart(struct argo_pass *k)
{
    int available = 0, pods = 0, may, done = 0, left = 0;

    if (k->v->restart_at == SIM_NEVER)
        return false;
    if (k->v->restart_at > k->v->now) {
        argo_wake(k, k->v->restart_at);
        return false;
    }
    for (size_t i = 0; i < k->nsets; i++) {
        available += k->sets[i].seen->available;
        pods += k->sets[i].seen->status_replicas;
    }
    may = argo_restart(k->r, available, pods, old_pods(k));
    if (k->stable)
        done = evict(k, k->stable, may, &left);
    for (size_t i = 0; i < k->nsets; i++)
        if (k->sets[i].seen != k->stable)
            done += evict(k, k->sets[i].seen, may - done, &left);
    if (left == 0)
        k->r->restarted_at = k->r->restart_at;
    else
        argo_wake(k, k->v->now + LOOK_AGAIN);
    return done > 0;
}

/* Does the experiment of the view go on after this pass? */
static bool is_experimenting(const struct argo_pass *k)
{
    const struct argo_trial *x = k->v->trial;

    return x && !analysis_completed(x->phase) && x->step == k->r->step &&
           !k->r->aborted && !k->r->promote_full;
}

/* Argo's hash of a template is another one than that of a Deployment: two of
 * the same name and template have different sets. */
static const char *hash_of(const struct argo_view *v)
{
    return pod_template_hash(v->keep, v->seen->template,
                             v->seen->workload ? 1 : 0);
}

void argo_plan(const struct argo_view *v, struct argo_plan *p)
{
    struct argo_pass k = { .v = v, .p = p, .r = &p->r };
    const char *hash = hash_of(v);
    uint64_t steps = steps_identity(v->seen);

    *p = (struct argo_plan){ .r = *v->seen, .wake = SIM_NEVER };
    if (meta_deleting(&v->seen->meta))
        return;
    sort_sets(&k);
    if (!k.new_ || !argo_same(p->r.current, hash) ||
        p->r.steps_identity != steps) {
        begin_update(&k, hash, steps);
        finish(&k);
        return;
    }
    if (restart(&k)) {
        finish(&k);
        return;
    }
    reset_steps(&p->r);
    if (is_scaling_event(&k))
        rescale(&k);
    else if (p->r.strategy == ARGO_BLUE_GREEN)
        argo_blue_green_pass(&k);
    else
        argo_canary_pass(&k);
    argo_retire_experiments(&k, is_experimenting(&k));
    count(&k);
    judge_progress(&k);
    p->r.phase = phase_of(&p->r);
    if (p->r.phase == ARGO_HEALTHY)
        clean_history(&k);
    finish(&k);
}
