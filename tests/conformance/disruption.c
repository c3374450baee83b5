/*
 * disruption.c - tables about disruption budgets and the loss of nodes.
 */
#include <string.h>

#include "conformance.h"
#include "models/eviction.h"
#include "models/nodelife.h"

static bool check_budget(const struct conf_row *row, char *why, size_t room)
{
    const char *value = conf_get(row, "value");
    struct budget_terms t = {
        .max_given = strcmp(conf_get(row, "field"), "maxUnavailable") == 0,
    };
    struct budget_view v = {
        .matching = (int)conf_int(row, "matching_pods", 0),
        .scale = (int)conf_int(row, "controller_scale", 0),
        .healthy = (int)conf_int(row, "ready_pods", 0),
    };
    struct budget_status s;

    if (!parse_int_or_percent(value, strchr(value, '%') != NULL, &t.value,
                              NULL))
        return conf_why(why, room, "value %s", value);
    if (v.matching == 0)
        v.scale = 0;            /* no pod names the controller */
    s = budget_count(&t, &v);
    if (s.healthy == conf_int(row, "current_healthy", -1) &&
        s.desired_healthy == conf_int(row, "desired_healthy", -1) &&
        s.expected == conf_int(row, "expected_pods", -1) &&
        s.allowed == conf_int(row, "disruptions_allowed", -1))
        return true;
    return conf_why(why, room, "healthy %d of %d, expected %d, allowed %d",
                    s.healthy, s.desired_healthy, s.expected, s.allowed);
}

const struct conf_table conf_pdb_disruptions_allowed = {
    .name = "pdb_disruptions_allowed", .check = check_budget,
};

static bool check_zone(const struct conf_row *row, char *why, size_t room)
{
    struct zone_limits l = zone_default_limits;
    int nodes = (int)conf_int(row, "nodes", 0);
    enum zone_state state;
    double rate, wanted = conf_real(row, "evictions_per_second_partial", -1);

    l.unhealthy_share = conf_real(row, "unhealthy_zone_threshold", 0);
    l.large_cluster = (int)conf_int(row, "large_cluster_threshold", 0);
    state = zone_state_of(nodes, (int)conf_int(row, "not_ready", 0), &l);
    rate = zone_reduced_rate(nodes, &l);
    if (strcmp(zone_state_names[state], conf_get(row, "state")) == 0 &&
        rate >= wanted && rate <= wanted)
        return true;
    return conf_why(why, room, "%s, %g per second", zone_state_names[state],
                    rate);
}

const struct conf_table conf_node_zone_state = {
    .name = "node_zone_state", .check = check_zone,
};
