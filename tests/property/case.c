/*
 * case.c - drawing trials, and writing them as scenarios.
 *
 * Sizes are small, because faults of logic show at small sizes, and times are
 * chosen so that steps often meet each other and rollouts that are under way.
 */
#include "base/bug.h"
#include "property.h"

#define STEPS_WITHIN_S 150

/* ---- drawing --------------------------------------------------------------- */

static int below(struct stream *s, int n)
{
    return (int)stream_below(s, (uint32_t)n);
}

static int between(struct stream *s, int low, int high)
{
    return low + below(s, high - low + 1);
}

static bool chance(struct stream *s, int percent)
{
    return below(s, 100) < percent;
}

static struct limit draw_limit(struct stream *s)
{
    static const int percents[] = { 0, 1, 10, 25, 25, 34, 50, 75, 100 };
    struct limit l = { .percent = chance(s, 50) };

    l.value = l.percent ? percents[below(s, (int)COUNT_OF(percents))]
                        : below(s, 5);
    return l;
}

/* A limit of 0 beside one of 0 is refused. */
static void draw_limits(struct trial *t, struct stream *s)
{
    t->surge = draw_limit(s);
    t->unavailable = draw_limit(s);
    if (t->kind == KIND_DAEMONSET) {    /* one of them, and not both */
        if (!t->version_1_20 && chance(s, 40))
            t->unavailable = (struct limit){ 0, false };
        else
            t->surge = (struct limit){ 0, false };
    }
    if (t->surge.value == 0 && t->unavailable.value == 0)
        *(t->kind == KIND_DEPLOYMENT && chance(s, 50) ? &t->surge
                                                      : &t->unavailable) =
            (struct limit){ 1, false };
}

/* Which kinds of workload know a step, by bit: Deployment 1, StatefulSet 2,
 * DaemonSet 4; and how often it is drawn. */
static const struct {
    int kinds, weight;
} step_table[STEP_KINDS] = {
    [STEP_IMAGE] = { 7, 30 }, [STEP_SCALE] = { 3, 14 },
    [STEP_BOTH] = { 3, 3 }, [STEP_PAUSE] = { 1, 4 }, [STEP_RESUME] = { 1, 4 },
    [STEP_UNDO] = { 7, 8 }, [STEP_RESTART] = { 7, 3 },
    [STEP_LIMITS] = { 1, 3 }, [STEP_PARTITION] = { 2, 4 },
    [STEP_KILL] = { 7, 8 }, [STEP_DRAIN] = { 7, 4 }, [STEP_CORDON] = { 7, 2 },
    [STEP_FAIL] = { 7, 4 }, [STEP_KUBELET] = { 7, 2 }, [STEP_STOP] = { 7, 4 },
    [STEP_SLOW] = { 7, 3 },
};

static int kind_bit(const struct trial *t)
{
    return t->kind == KIND_DEPLOYMENT ? 1 : t->kind == KIND_STATEFULSET ? 2 : 4;
}

static enum step_kind draw_kind(const struct trial *t, struct stream *s)
{
    int sum = 0, x;

    for (int k = 1; k < STEP_KINDS; k++)
        sum += step_table[k].kinds & kind_bit(t) ? step_table[k].weight : 0;
    x = below(s, sum);
    for (int k = 1; k < STEP_KINDS; k++) {
        x -= step_table[k].kinds & kind_bit(t) ? step_table[k].weight : 0;
        if (x < 0)
            return (enum step_kind)k;
    }
    BUG("no step was drawn");
}

static struct step draw_step(const struct trial *t, struct stream *s)
{
    struct step p = { .kind = draw_kind(t, s), .m = 0 };

    p.at_s = chance(s, 30) ? 20 + below(s, 10) : below(s, STEPS_WITHIN_S);
    p.for_s = between(s, 3, 40);
    switch (p.kind) {
    case STEP_IMAGE:
        p.n = between(s, 1, VERSIONS_MOST);
        break;
    case STEP_SCALE:
        p.n = below(s, 11);
        break;
    case STEP_BOTH:
        p.n = below(s, 11);
        p.m = between(s, 1, VERSIONS_MOST);
        break;
    case STEP_LIMITS:
        p.n = below(s, 4);
        p.m = p.n ? below(s, 4) : between(s, 1, 4);
        break;
    case STEP_PARTITION:
        p.n = below(s, 6);
        break;
    case STEP_KILL:
        p.n = between(s, 1, 3);
        p.m = chance(s, 30);
        break;
    case STEP_FAIL:
        p.for_s = chance(s, 50) ? between(s, 3, 40) : between(s, 60, 500);
        p.n = below(s, t->nodes);
        break;
    case STEP_DRAIN: case STEP_CORDON: case STEP_KUBELET:
        p.n = below(s, t->nodes);
        break;
    case STEP_STOP:
        p.n = below(s, 4);
        break;
    case STEP_SLOW:
        p.n = below(s, 5);
        p.m = between(s, 2, 10);
        break;
    default:
        break;
    }
    return p;
}

static void draw_steps(struct trial *t, struct stream *s)
{
    int n = between(s, 1, chance(s, 50) ? 4 : STEPS_MOST);

    for (int i = 0; i < n; i++)
        t->steps[i] = draw_step(t, s);
}

struct trial trial_draw(uint64_t seed)
{
    static const enum kind kinds[] = { KIND_DEPLOYMENT, KIND_DEPLOYMENT,
                                       KIND_STATEFULSET, KIND_DAEMONSET };
    static const int deadlines[] = { 25, 60, 600 };
    struct trial t = { .seed = seed };
    struct stream s;

    stream_init(&s, seed, 0, 0, 0);
    t.kind = kinds[below(&s, 4)];
    t.version_1_20 = chance(&s, 30);
    t.profile = chance(&s, 50) ? 0 : chance(&s, 75) ? 1 : 2;
    t.nodes = between(&s, 1, 6);
    t.node_pods = chance(&s, 12) ? between(&s, 2, 8) : 110;
    t.replicas = chance(&s, 10) ? below(&s, 3) : between(&s, 1, 8);
    t.recreate = chance(&s, 15);
    t.on_delete = chance(&s, 10);
    t.parallel = chance(&s, 35);
    draw_limits(&t, &s);
    t.min_ready_s = chance(&s, 30) ? between(&s, 1, 12) : 0;
    t.history = chance(&s, 30) ? below(&s, 3) : 10;
    t.deadline_s = deadlines[below(&s, 3)];
    t.grace_s = chance(&s, 50) ? between(&s, 1, 6) : 30;
    t.tolerate_s = chance(&s, 60) ? between(&s, 0, 20) : -1;
    t.start_s = below(&s, 6);
    t.ready_s = below(&s, 6);
    t.stop_s = below(&s, 8);
    t.probe = chance(&s, 25);
    t.qps = chance(&s, 60) ? -1 : chance(&s, 75) ? 0 : between(&s, 1, 10);
    t.burst = between(&s, 1, 10);
    t.traffic = chance(&s, 15) ? between(&s, 1, 20) : 0;
    for (int v = 1; v <= VERSIONS_MOST; v++) {
        t.bad |= chance(&s, v == 1 ? 2 : 20) ? 1U << v : 0;
        t.crashing |= chance(&s, 8) ? 1U << v : 0;
    }
    draw_steps(&t, &s);
    return t;
}

/* ---- looking at it --------------------------------------------------------- */

int trial_ends_s(const struct trial *t)
{
    int end = STEPS_WITHIN_S;

    for (int i = 0; i < STEPS_MOST; i++)
        if (t->steps[i].kind != STEP_NONE &&
            t->steps[i].at_s + t->steps[i].for_s > end)
            end = t->steps[i].at_s + t->steps[i].for_s;
    return end + 5;
}

bool trial_has(const struct trial *t, enum step_kind kind)
{
    for (int i = 0; i < STEPS_MOST; i++)
        if (t->steps[i].kind == kind)
            return true;
    return false;
}

const char *trial_workload(const struct trial *t)
{
    return t->kind == KIND_DEPLOYMENT    ? "deployment/web"
           : t->kind == KIND_STATEFULSET ? "statefulset/web"
                                         : "daemonset/web";
}

/* ---- writing it down ------------------------------------------------------- */

static void put_limit(struct buf *out, const char *key, struct limit l)
{
    buf_printf(out, l.percent ? "%s: %d%%" : "%s: %d", key, l.value);
}

static void put_images(const struct trial *t, struct buf *out)
{
    buf_printf(out, "images:\n  app:\n    pull: 2s\n    containerStart: %ds\n"
               "    shutdown: {mode: ignore, time: %ds}\n", t->start_s,
               t->stop_s);
    if (t->probe)
        buf_printf(out, "    startup: %ds\n", t->ready_s);
    else
        buf_printf(out, "    readiness: {after: %ds}\n", t->ready_s);
    for (int v = 1; v <= VERSIONS_MOST; v++) {
        if (t->bad & 1U << v)
            buf_printf(out, "  app:%d: {readiness: never}\n", v);
        else if (t->crashing & 1U << v)
            buf_printf(out, "  app:%d: {crash: {after: 20s}}\n", v);
    }
}

static void put_cluster(const struct trial *t, struct buf *out)
{
    static const char *const profiles[] = { "exact", "default", "loaded" };

    buf_printf(out, "cluster:\n  profile: %s\n  kubernetes: \"%s\"\n"
               "  nodes: [{name: n, count: %d, cpu: 64, memory: 256Gi, "
               "pods: %d}]\n", profiles[t->profile],
               t->version_1_20 ? "1.20" : "1.36", t->nodes, t->node_pods);
    if (t->qps > 0)
        buf_printf(out, "  limits: {controllerQps: %d, controllerBurst: "
                   "%d}\n", t->qps, t->burst);
    if (t->qps < 0)
        buf_puts(out, "  limits: {controllerQps: 0}\n");
}

static const char *const stopped[] = { "kube-controller-manager",
    "kube-scheduler", "kube-apiserver", "etcd" };
static const char *const slowed[] = { "api", "etcd", "scheduler", "kubelet",
    "kube-controller-manager" };

static void put_fault(const struct trial *t, const struct step *p,
                      struct buf *out)
{
    buf_printf(out, "  - {at: %ds, ", p->at_s);
    switch (p->kind) {
    case STEP_KILL:
        buf_printf(out, "kill: {of: %s, count: %d%s}}\n", trial_workload(t),
                   p->n, p->m ? ", grace: 0" : "");
        break;
    case STEP_DRAIN:
        buf_printf(out, "for: %ds, drain: node/n-%d}\n", p->for_s, p->n);
        break;
    case STEP_FAIL:
        buf_printf(out, "for: %ds, fail: node/n-%d}\n", p->for_s, p->n);
        break;
    case STEP_KUBELET:
        buf_printf(out, "for: %ds, stop: kubelet, node: node/n-%d}\n",
                   p->for_s, p->n);
        break;
    case STEP_STOP:
        buf_printf(out, "for: %ds, stop: %s}\n", p->for_s, stopped[p->n]);
        break;
    default:
        buf_printf(out, "for: %ds, slow: %s, factor: %d}\n", p->for_s,
                   slowed[p->n], p->m);
    }
}

static void put_command(const struct trial *t, const struct step *p,
                        struct buf *out)
{
    const char *web = trial_workload(t);

    buf_printf(out, "  - {at: %ds, kubectl: \"", p->at_s);
    switch (p->kind) {
    case STEP_IMAGE:
        buf_printf(out, "set image %s c=app:%d", web, p->n);
        break;
    case STEP_SCALE:
        buf_printf(out, "scale %s --replicas=%d", web, p->n);
        break;
    case STEP_BOTH:
        buf_printf(out, "patch %s -p '{spec: {replicas: %d, template: {spec: "
                   "{containers: [{name: c, image: 'app:%d'}]}}}}'", web, p->n,
                   p->m);
        break;
    case STEP_PAUSE:
        buf_printf(out, "rollout pause %s", web);
        break;
    case STEP_RESUME:
        buf_printf(out, "rollout resume %s", web);
        break;
    case STEP_UNDO:
        buf_printf(out, "rollout undo %s", web);
        break;
    case STEP_RESTART:
        buf_printf(out, "rollout restart %s", web);
        break;
    case STEP_LIMITS:
        buf_printf(out, "patch %s -p '{spec: {strategy: {rollingUpdate: "
                   "{maxSurge: %d, maxUnavailable: %d}}}}'", web, p->n, p->m);
        break;
    case STEP_PARTITION:
        buf_printf(out, "patch %s -p '{spec: {updateStrategy: "
                   "{rollingUpdate: {partition: %d}}}}'", web, p->n);
        break;
    default:
        buf_printf(out, "cordon n-%d\"}\n  - {at: %ds, kubectl: \"uncordon "
                   "n-%d", p->n, p->at_s + p->for_s, p->n);
    }
    buf_puts(out, "\"}\n");
}

static bool is_fault(enum step_kind k)
{
    return k == STEP_KILL || k == STEP_DRAIN || k == STEP_FAIL ||
           k == STEP_KUBELET || k == STEP_STOP || k == STEP_SLOW;
}

static bool has_any(const struct trial *t, bool fault)
{
    for (int i = 0; i < STEPS_MOST; i++)
        if (t->steps[i].kind != STEP_NONE &&
            is_fault(t->steps[i].kind) == fault)
            return true;
    return false;
}

/* The steps; a Deployment that was paused is resumed at the end. */
static void put_steps(const struct trial *t, struct buf *out)
{
    for (int fault = 0; fault < 2; fault++) {
        if (!has_any(t, fault))
            continue;
        buf_puts(out, fault ? "faults:\n" : "actions:\n");
        for (int i = 0; i < STEPS_MOST; i++) {
            const struct step *p = &t->steps[i];

            if (p->kind == STEP_NONE || is_fault(p->kind) != fault)
                continue;
            if (fault)
                put_fault(t, p, out);
            else
                put_command(t, p, out);
        }
        if (!fault && trial_has(t, STEP_PAUSE))
            buf_printf(out, "  - {at: %ds, kubectl: \"rollout resume %s\"}\n",
                       trial_ends_s(t) - 2, trial_workload(t));
    }
}

static void put_strategy(const struct trial *t, struct buf *out)
{
    if (t->kind == KIND_DEPLOYMENT && t->recreate) {
        buf_puts(out, "  strategy: {type: Recreate}\n");
    } else if (t->kind == KIND_DEPLOYMENT) {
        buf_puts(out, "  strategy: {rollingUpdate: {");
        put_limit(out, "maxSurge", t->surge);
        put_limit(out, ", maxUnavailable", t->unavailable);
        buf_puts(out, "}}\n");
    } else if (t->on_delete) {
        buf_puts(out, "  updateStrategy: {type: OnDelete}\n");
    } else if (t->kind == KIND_DAEMONSET) {
        buf_puts(out, "  updateStrategy: {rollingUpdate: {");
        put_limit(out, "maxUnavailable", t->unavailable);
        if (t->surge.value)
            put_limit(out, ", maxSurge", t->surge);
        buf_puts(out, "}}\n");
    }
    if (t->kind == KIND_STATEFULSET)
        buf_printf(out, "  serviceName: web\n  podManagementPolicy: %s\n",
                   t->parallel ? "Parallel" : "OrderedReady");
}

static void put_template(const struct trial *t, struct buf *out)
{
    buf_printf(out, "  template:\n    metadata: {labels: {app: web}}\n"
               "    spec:\n      terminationGracePeriodSeconds: %d\n",
               t->grace_s);
    if (t->tolerate_s >= 0 && t->kind != KIND_DAEMONSET) {
        buf_puts(out, "      tolerations:\n");
        for (int i = 0; i < 2; i++)
            buf_printf(out, "        - {key: node.kubernetes.io/%s, operator: "
                       "Exists, effect: NoExecute, tolerationSeconds: %d}\n",
                       i ? "unreachable" : "not-ready", t->tolerate_s);
    }
    buf_puts(out, "      containers:\n        - name: c\n"
             "          image: \"app:1\"\n          ports: "
             "[{containerPort: 80}]\n");
    if (t->probe)
        buf_puts(out, "          readinessProbe: {httpGet: {path: /, port: "
                 "80}, periodSeconds: 2}\n");
}

static void put_objects(const struct trial *t, struct buf *out)
{
    static const char *const names[] = { "Deployment", "StatefulSet",
                                         "DaemonSet" };

    buf_printf(out, "---\napiVersion: apps/v1\nkind: %s\nmetadata: {name: "
               "web}\nspec:\n  selector: {matchLabels: {app: web}}\n",
               names[kind_bit(t) / 2]);
    if (t->kind != KIND_DAEMONSET)
        buf_printf(out, "  replicas: %d\n", t->replicas);
    if (t->min_ready_s)
        buf_printf(out, "  minReadySeconds: %d\n", t->min_ready_s);
    if (t->kind == KIND_DEPLOYMENT)
        buf_printf(out, "  progressDeadlineSeconds: %d\n", t->deadline_s);
    if (t->history != 10)
        buf_printf(out, "  revisionHistoryLimit: %d\n", t->history);
    put_strategy(t, out);
    put_template(t, out);
    buf_puts(out, "---\napiVersion: v1\nkind: Service\nmetadata: {name: "
             "web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n");
}

void trial_print(const struct trial *t, struct buf *out)
{
    buf_printf(out, "apiVersion: rollsim/v1\nkind: Scenario\nmetadata: {name: "
               "property-%llu}\nrun: {duration: 6h, warmup: 30s, seed: %llu, "
               "replications: 1}\n", (unsigned long long)t->seed,
               (unsigned long long)(t->seed & INT64_MAX));
    put_cluster(t, out);
    put_images(t, out);
    if (t->traffic)
        buf_printf(out, "traffic: [{to: service/web, rate: %d/s, clients: "
                   "{timeout: 5s}}]\n", t->traffic);
    put_steps(t, out);
    put_objects(t, out);
}
