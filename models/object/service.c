/*
 * service.c - the Service object: fields, defaults, validation.
 *
 * Names may begin with a digit (1.36).
 *
 * Not checked: addresses (clusterIP, externalIPs, ranges), and that a node
 * port is free and in range.
 *
 * Source: pkg/apis/core/v1/defaults.go, core/validation, Kubernetes 1.36.
 */
#include <string.h>

#include "models/network.h"
#include "read.h"

#define AFFINITY_S 10800        /* default of sessionAffinity ClientIP */
#define AFFINITY_MAX_S 86400

/* ---- shape -------------------------------------------------------------- */

/* targetPort is the port if it is not given, or 0. */
static const struct value *complete_port(struct arena *a,
                                         const struct value *v)
{
    const struct value *target = value_get(v, "targetPort");
    const char *text = value_text(target, "");

    if (*text && strcmp(text, "0") != 0)
        return v;
    return with_plain(a, v, "targetPort",
                      value_text(value_get(v, "port"), "0"));
}

static const struct shape_field port_fields[] = {
    READ(TEXT, "name"), READ_DEF(TEXT, "protocol", "TCP"),
    READ(TEXT, "appProtocol"), READ(INT, "port"),
    READ(INT_OR_TEXT, "targetPort"), READ_DEF(INT, "nodePort", "0"),
    SHAPE_END
};
static const struct shape port_shape = { port_fields, complete_port };
static const struct shape_field client_ip_fields[] = {
    READ_DEF(INT, "timeoutSeconds", "10800"), SHAPE_END
};
static const struct shape client_ip_shape = { client_ip_fields, NULL };
static const struct shape_field affinity_fields[] = {
    OBJECT_DEF("clientIP", client_ip_shape), SHAPE_END
};
static const struct shape affinity_shape = { affinity_fields, NULL };

/* Is this field that word? */
static bool says(const struct value *v, const char *key, const char *word)
{
    return strcmp(value_text(value_get(v, key), ""), word) == 0;
}

/* Can it be reached from outside the cluster? */
static bool is_external(const struct value *v)
{
    const struct value *ips = value_get(v, "externalIPs");

    return says(v, "type", "NodePort") || says(v, "type", "LoadBalancer")
        || (says(v, "type", "ClusterIP") && ips && ips->len > 0);
}

/* Defaults that depend on type and sessionAffinity. */
static const struct value *complete_spec(struct arena *a,
                                         const struct value *v)
{
    const struct value *cluster = value_string(a, "Cluster", &v->mark);

    if (says(v, "sessionAffinity", "ClientIP")
        && value_get(v, "sessionAffinityConfig") == NULL)
        v = value_set(a, v, "sessionAffinityConfig.clientIP.timeoutSeconds",
                      value_plain(a, "10800", &v->mark));
    if (says(v, "sessionAffinity", "None"))
        v = value_set(a, v, "sessionAffinityConfig", NULL);
    if (!says(v, "type", "ExternalName")
        && value_get(v, "internalTrafficPolicy") == NULL)
        v = value_set(a, v, "internalTrafficPolicy", cluster);
    if (is_external(v) && value_get(v, "externalTrafficPolicy") == NULL)
        v = value_set(a, v, "externalTrafficPolicy", cluster);
    return v;
}

static const struct shape_field spec_fields[] = {
    LIST("ports", port_shape), READ(LABELS, "selector"),
    READ(TEXT, "clusterIP"), SILENT(TEXTS, "clusterIPs"),
    READ_DEF(TEXT, "type", "ClusterIP"), READ(TEXTS, "externalIPs"),
    READ_DEF(TEXT, "sessionAffinity", "None"),
    OBJECT("sessionAffinityConfig", affinity_shape),
    READ(TEXT, "externalName"), READ(TEXT, "externalTrafficPolicy"),
    READ(TEXT, "internalTrafficPolicy"), READ(INT, "healthCheckNodePort"),
    READ_DEF(BOOL, "publishNotReadyAddresses", "false"),
    SILENT(TEXT, "loadBalancerIP"), READ(TEXTS, "loadBalancerSourceRanges"),
    SILENT(TEXTS, "ipFamilies"), READ(TEXT, "ipFamilyPolicy"),
    READ(BOOL, "allocateLoadBalancerNodePorts"),
    SILENT(TEXT, "loadBalancerClass"), REPORT(TEXT, "trafficDistribution"),
    SHAPE_END
};
static const struct shape spec_shape = { spec_fields, complete_spec };
static const struct shape_field service_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape service_shape = { service_fields, NULL };
static const struct object_type service_type = {
    KIND_SERVICE, &service_shape, NAME_LABEL
};

/* ---- validation --------------------------------------------------------- */

static bool is_type(const struct at *spec, const char *type)
{
    return strcmp(get_text(spec, "type", ""), type) == 0;
}

static bool is_headless(const struct at *spec)
{
    return strcmp(get_text(spec, "clusterIP", ""), "None") == 0;
}

/* What depends on the type, before the ports. */
static void check_kind(struct reader *r, const struct at *spec)
{
    struct at ports = at_field(spec, "ports");
    struct at name = at_field(spec, "externalName");
    struct at ip = at_field(spec, "clusterIP");

    if (at_len(&ports) == 0 && !is_headless(spec)
        && !is_type(spec, "ExternalName"))
        diag_help(r->errors, fault_required(r, &ports),
                  "for example ports: [{port: 80, targetPort: 8080}]");
    if (is_headless(spec) && (is_type(spec, "NodePort")
                              || is_type(spec, "LoadBalancer"))) {
        struct at ips = { .up = spec, .key = "clusterIPs", .v = ip.v };
        struct at first = { .up = &ips, .v = ip.v };

        fault(r, &first, "Invalid", "may not be None for a %s Service",
              get_text(spec, "type", ""));
    }
    if (!is_type(spec, "ExternalName"))
        return;
    if (ip.v) {
        struct at ips = { .up = spec, .key = "clusterIPs", .v = ip.v };

        fault_forbidden(r, &ips, "may not be given for an ExternalName "
                        "Service");
    }
    if (name.v == NULL)
        fault_required(r, &name);
    else
        check_name(r, &name, NAME_SUBDOMAIN, false);
}

/* Several ports need names; targetPort, if not given, is the port. */
static void check_port_of(struct reader *r, const struct at *list, size_t i)
{
    static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };
    struct at port = at_item(list, i), name = at_field(&port, "name");
    struct at number = at_field(&port, "port");
    struct at target = at_field(&port, "targetPort");
    struct at app = at_field(&port, "appProtocol");

    if (name.v)
        check_name(r, &name, NAME_LABEL, false);
    else if (at_len(list) > 1)
        diag_help(r->errors, fault(r, &name, "Required", "is required when "
                  "there is more than one port"), "for example name: http");
    for (size_t k = 0; name.v && k < i; k++) {
        struct at other = at_item(list, k);

        if (strcmp(get_text(&other, "name", ""), value_text(name.v, "")) == 0) {
            fault(r, &name, "Duplicate", "\"%s\" is given twice",
                  value_text(name.v, ""));
            break;
        }
    }
    check_port(r, &number, at_int(&number, 0));
    check_word(r, &port, "protocol", protocols, 0);
    check_port_or_name(r, &target);
    if (app.v)
        check_qualified(r, &app, value_text(app.v, ""));
}

/* Do two ports agree in their protocol and in this number (not 0)? */
static bool same_port(const struct at *a, const struct at *b, const char *key)
{
    return get_int(a, key, 0) == get_int(b, key, 0) && get_int(a, key, 0)
        && strcmp(get_text(a, "protocol", ""),
                  get_text(b, "protocol", "")) == 0;
}

/* Does an earlier port agree with port i in this number? */
static bool seen_before(const struct at *list, size_t i, const char *key)
{
    struct at port = at_item(list, i);

    for (size_t k = 0; k < i; k++) {
        struct at other = at_item(list, k);

        if (same_port(&port, &other, key))
            return true;
    }
    return false;
}

/* No node ports for ClusterIP; no pair of protocol and port twice. */
static void check_ports_together(struct reader *r, const struct at *spec)
{
    struct at list = at_field(spec, "ports");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at port = at_item(&list, i), node = at_field(&port, "nodePort");

        if (is_type(spec, "ClusterIP") && at_int(&node, 0) != 0)
            fault_forbidden(r, &node, "may not be given when type is "
                            "ClusterIP");
    }
    for (size_t i = 0; i < at_len(&list); i++) {
        struct at port = at_item(&list, i), node = at_field(&port, "nodePort");

        if (seen_before(&list, i, "nodePort"))
            fault(r, &node, "Duplicate", "is given twice");
    }
    for (size_t i = 0; i < at_len(&list); i++) {
        struct at port = at_item(&list, i);

        if (seen_before(&list, i, "port"))
            fault(r, &port, "Duplicate", "has the port and protocol of "
                  "another one");
    }
}

/* sessionAffinity ClientIP has a time-out of up to a day. */
static void check_session(struct reader *r, const struct at *spec)
{
    static const char *const words[] = { "ClientIP", "None", NULL };
    struct at config = at_field(spec, "sessionAffinityConfig");
    struct at client = at_field(&config, "clientIP");
    struct at timeout = at_field(&client, "timeoutSeconds");
    int64_t s = at_int(&timeout, AFFINITY_S);

    if (check_word(r, spec, "sessionAffinity", words, 1) == 0
        && (s <= 0 || s > AFFINITY_MAX_S))
        fault(r, &timeout, "Invalid", "must be between 1 and %d, got %lld",
              AFFINITY_MAX_S, (long long)s);
}

/* externalTrafficPolicy is for NodePort, LoadBalancer and externalIPs. */
static void check_external(struct reader *r, const struct at *spec)
{
    static const char *const policies[] = { "Cluster", "Local", NULL };
    struct at policy = at_field(spec, "externalTrafficPolicy");
    struct at health = at_field(spec, "healthCheckNodePort");
    bool local = strcmp(value_text(policy.v, ""), "Local") == 0;

    if (!is_external(spec->v) && policy.v)
        fault(r, &policy, "Invalid", "may only be given for a Service that "
              "can be reached from outside");
    else if (is_external(spec->v))
        check_word(r, spec, "externalTrafficPolicy", policies, 0);
    if (at_int(&health, 0) != 0) {
        if (!is_type(spec, "LoadBalancer") || !local)
            fault(r, &health, "Invalid", "may only be given for a "
                  "LoadBalancer with externalTrafficPolicy Local");
        else
            check_port(r, &health, at_int(&health, 0));
    }
    check_word(r, spec, "internalTrafficPolicy", policies, 0);
}

/* Fields of Services with an address outside. */
static void check_balancer(struct reader *r, const struct at *spec)
{
    static const char *const distributions[] = { "PreferClose",
        "PreferSameZone", "PreferSameNode", NULL };
    static const char *const families[] = { "SingleStack", "PreferDualStack",
                                            "RequireDualStack", NULL };
    struct at ranges = at_field(spec, "loadBalancerSourceRanges");
    struct at ports = at_field(spec, "allocateLoadBalancerNodePorts");

    check_word(r, spec, "ipFamilyPolicy", families, 0);
    if (!is_type(spec, "LoadBalancer") && ranges.v) {
        struct at shown = { .v = ranges.v, .up = spec,
                            .key = "LoadBalancerSourceRanges" };

        fault_forbidden(r, &shown, "may only be given when type is "
                        "LoadBalancer");
    }
    if (!is_type(spec, "LoadBalancer") && ports.v)
        fault_forbidden(r, &ports, "may only be given when type is "
                        "LoadBalancer");
    check_external(r, spec);
    check_word(r, spec, "trafficDistribution", distributions, 0);
}

static void check_spec(struct reader *r, const struct at *spec)
{
    static const char *const types[] = { "ClusterIP", "ExternalName",
                                         "LoadBalancer", "NodePort", NULL };
    struct at ports = at_field(spec, "ports");
    struct at selector = at_field(spec, "selector");

    check_kind(r, spec);
    for (size_t i = 0; i < at_len(&ports); i++)
        check_port_of(r, &ports, i);
    check_labels(r, &selector);
    check_session(r, spec);
    check_word(r, spec, "type", types, 0);
    check_ports_together(r, spec);
    check_balancer(r, spec);
}

/* ---- typed -------------------------------------------------------------- */

/* The typed forms of the ports. */
static const struct service_port *ports_of(struct arena *a,
                                           const struct at *spec, size_t *n)
{
    struct at list = at_field(spec, "ports");
    struct service_port *ports;

    *n = at_len(&list);
    ports = arena_many(a, struct service_port, *n);
    for (size_t i = 0; i < *n; i++) {
        struct at port = at_item(&list, i);
        struct at target = at_field(&port, "targetPort");

        ports[i].name = get_text(&port, "name", "");
        ports[i].port = (int)get_int(&port, "port", 0);
        ports[i].protocol = get_text(&port, "protocol", "TCP");
        if (target.v && value_scalar_kind(target.v) != SCALAR_INT)
            ports[i].target_name = value_text(target.v, "");
        else
            ports[i].target_port = (int)at_int(&target, 0);
    }
    return ports;
}

static enum service_type type_of(const struct at *spec)
{
    return is_type(spec, "NodePort") ? SERVICE_NODE_PORT
        : is_type(spec, "LoadBalancer") ? SERVICE_LOAD_BALANCER
        : is_type(spec, "ExternalName") ? SERVICE_EXTERNAL_NAME
        : SERVICE_CLUSTER_IP;
}

static bool is_local(const struct at *spec, const char *key)
{
    return strcmp(get_text(spec, key, ""), "Local") == 0;
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct service *s = arena_make(a, struct service);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &service_type, &s->meta), "");
    struct at spec = at_field(&root, "spec");
    struct at config = at_field(&spec, "sessionAffinityConfig");
    struct at client = at_field(&config, "clientIP");

    check_spec(&r, &spec);
    s->selector = selector_from_map(a, at_field(&spec, "selector").v);
    s->type = type_of(&spec);
    s->headless = is_headless(&spec);
    s->ports = ports_of(a, &spec, &s->nports);
    s->publish_not_ready = get_bool(&spec, "publishNotReadyAddresses", false);
    s->affinity = strcmp(get_text(&spec, "sessionAffinity", ""),
                         "ClientIP") == 0;
    s->affinity_s = (int)get_int(&client, "timeoutSeconds", AFFINITY_S);
    s->internal_local = is_local(&spec, "internalTrafficPolicy");
    s->external_local = is_local(&spec, "externalTrafficPolicy");
    s->raw = root.v;
    return &s->meta;
}

bool service_selects(const struct service *s, const struct meta *pod)
{
    return pod && strcmp(s->meta.space, pod->space) == 0 &&
           s->selector && selector_match(s->selector, pod->labels);
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    const struct value *old = value_get(service_seen(a)->raw, "spec");
    const struct value *new = value_get(service_seen(b)->raw, "spec");

    return old != new && !(old && new && value_equal(old, new));
}

const struct kind_ops kind_SERVICE = {
    .size = sizeof(struct service), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_changed,
    .decode = decode,
};
