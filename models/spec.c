/*
 * spec.c - a scenario in which everything has its default.
 */
#include "models/spec.h"

#include "base/bug.h"

/* Upstream flag defaults: reference 8.2, 5.3, 6.3. */
static const struct cluster_spec cluster_defaults = {
    .version = KUBE_1_36, .proxy_mode = PROXY_IPTABLES,
    .min_sync_period = -1, .icmp_ratelimit = -1, .sync_period = 30 * SIM_S,
    .controller_qps = 20, .controller_burst = 30,
    .scheduler_qps = 50, .scheduler_burst = 100,
    .kubelet_qps = 50, .kubelet_burst = 100,
    .metrics_interval = 15 * SIM_S, .metrics_window = 30 * SIM_S,
    .registry_bytes_per_s = 40e6, .restart_backoff_s = 10,
    .plane_replicas = 1, .lease_duration = 15 * SIM_S,
    .lease_deadline = 10 * SIM_S, .lease_retry = 2 * SIM_S,
    .restart_backoff_max_s = 300, .monitoring.scrape = 15 * SIM_S,
    .balancer = { 8 * SIM_S, 1, 3 },
    .clock_s = 1767571200,      /* 2026-01-05 */
};

static struct quantity quantity_of(const char *text)
{
    struct quantity q;

    CHECK(parse_quantity(text, &q, NULL));
    return q;
}

struct spec *spec_defaults(struct arena *a, bool exact)
{
    struct spec *s = arena_make(a, struct spec);
    struct node_pool *pool = arena_make(a, struct node_pool);
    struct err_list errors;
    struct binder b = { .arena = a, .errors = &errors };

    err_init(&errors, a);
    *pool = (struct node_pool){ .name = "node", .zone = "", .count = 3,
                                .cpu = quantity_of("4"),
                                .memory = quantity_of("16Gi"), .pods = 110,
                                .joins = -1, .runtime = -1,
                                .min_sync_period = -1 };
    s->name = "default";
    s->duration = 600 * SIM_S;
    s->warmup = 120 * SIM_S;
    s->seed = 1;
    s->cluster = cluster_defaults;
    s->cluster.profile = exact ? PROFILE_EXACT : PROFILE_DEFAULT;
    s->cluster.monitoring.lag = dist_constant(0);
    if (exact)
        s->cluster.lease_duration = 0;
    s->cluster.pools = pool;
    s->cluster.npools = 1;
    timings_from_profile(&s->cluster.timings, s->cluster.profile);
    s->behaviours = behaviours_from(&b, NULL);
    s->slo_error_share = 0.01;
    return s;
}
