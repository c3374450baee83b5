/*
 * podcheck.c - what the API server refuses in a pod's spec.
 *
 * In the order in which it looks, so that faults come in its order.
 *
 * Not checked: securityContext, dnsConfig, hostAliases, and the insides of
 * volumes that have no effect here.
 *
 * Source: pkg/apis/core/validation/validation.go, Kubernetes 1.36 (reference
 * 11.2).
 */
#include "read.h"

#include <string.h>

/* ---- volumes ------------------------------------------------------------ */

/* A source of a volume must say what it is. */
static void check_source(struct reader *r, const struct at *source)
{
    static const char *const required[][2] = {
        { "hostPath", "path" }, { "configMap", "name" },
        { "secret", "secretName" }, { "persistentVolumeClaim", "claimName" },
        { "nfs", "server" }, { "nfs", "path" }, { "csi", "driver" },
    };

    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        struct at at = at_field(source, required[i][1]);

        if (strcmp(source->key, required[i][0]) == 0
            && *value_text(at.v, "") == '\0')
            fault_required(r, &at);
    }
}

/* One source each (none is an emptyDir), and a name of its own. */
static void check_volume(struct reader *r, const struct at *list, size_t i)
{
    struct at volume = at_item(list, i), name = at_field(&volume, "name");
    size_t sources = 0;

    for (size_t k = 0; k < at_len(&volume); k++) {
        struct at source = at_field(&volume,
                                    volume.v->u.members[k].key);

        if (strcmp(source.key, "name") == 0 || source.v == NULL)
            continue;
        if (++sources > 1)
            fault_forbidden(r, &source, "may not be given: the volume has "
                            "another source");
        else
            check_source(r, &source);
    }
    if (name.v == NULL)
        fault_required(r, &name);
    else
        check_name(r, &name, NAME_LABEL, false);
    if (name.v && is_named(list, i, value_text(name.v, "")))
        fault(r, &name, "Duplicate", "\"%s\" is given twice",
              value_text(name.v, ""));
}

/* ---- containers --------------------------------------------------------- */

/* Report a name that is taken. */
static void check_unique_name(struct reader *r, const struct at *item,
                              bool taken)
{
    struct at name = at_field(item, "name");

    if (taken)
        fault(r, &name, "Duplicate", "\"%s\" is given twice",
              value_text(name.v, ""));
}

/* hostPorts of one pod must differ. */
static void check_host_ports(struct reader *r, const struct at *list)
{
    for (size_t n = 0, i = 0; i < at_len(list); i++) {
        struct at container = at_item(list, i);
        struct at ports = at_field(&container, "ports");

        for (size_t p = 0; p < at_len(&ports); p++, n++) {
            struct at port = at_item(&ports, p);
            struct at host = at_field(&port, "hostPort");
            size_t seen = 0;

            for (size_t k = 0; k <= i && at_int(&host, 0); k++) {
                struct at other = at_item(list, k);
                struct at others = at_field(&other, "ports");

                for (size_t q = 0; q < at_len(&others)
                     && !(k == i && q >= p); q++) {
                    struct at o = at_item(&others, q);

                    seen += get_int(&o, "hostPort", 0) == at_int(&host, 0)
                        && strcmp(get_text(&o, "protocol", ""),
                                  get_text(&port, "protocol", "")) == 0
                        && strcmp(get_text(&o, "hostIP", ""),
                                  get_text(&port, "hostIP", "")) == 0;
                }
            }
            if (seen)
                fault(r, &host, "Duplicate", "%s is given twice",
                      value_text(host.v, ""));
        }
    }
}

/* A pod has a container.  restartPolicy of a container that is no init
 * container is accepted (1.35) and not simulated. */
static void check_containers(struct reader *r, const struct at *spec,
                             const struct at *volumes,
                             const struct at *claims, int64_t grace)
{
    static const char *const policies[] = { "Always", "OnFailure", "Never",
                                            NULL };
    struct at list = at_field(spec, "containers");

    if (at_len(&list) == 0)
        fault_required(r, &list);
    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);
        struct at restart = at_field(&item, "restartPolicy");

        check_container(r, &item, volumes, claims);
        check_unique_name(r, &item, is_named(&list, i,
                                             get_text(&item, "name", "")));
        check_probes(r, &item, grace);
        if (restart.v) {
            check_word(r, &item, "restartPolicy", policies, 0);
            report_ignored(r, &restart);
        }
    }
    check_host_ports(r, &list);
}

/* Only a sidecar, with restartPolicy Always, has probes and hooks. */
static void check_init_container(struct reader *r, const struct at *item,
                                 int64_t grace)
{
    static const char *const live[] = { "lifecycle", "livenessProbe",
                                        "readinessProbe", "startupProbe" };
    static const char *const policies[] = { "Always", NULL };
    static const char *const others[] = { "OnFailure", "Never", NULL };
    struct at restart = at_field(item, "restartPolicy");
    const char *word = value_text(restart.v, "");

    if (strcmp(word, "Always") == 0) {
        check_probes(r, item, grace);
        return;
    }
    if (restart.v && word_index(others, word) < 0)
        fault_unsupported(r, &restart, policies);
    else if (restart.v)
        report_ignored(r, &restart);
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++) {
        struct at at = at_field(item, live[i]);

        if (at.v)
            fault_forbidden(r, &at, "may not be given for an init container "
                            "without restartPolicy Always");
    }
}

/* Names are unique over init and app containers together. */
static void check_init_containers(struct reader *r, const struct at *spec,
                                  const struct at *volumes,
                                  const struct at *claims, int64_t grace)
{
    struct at list = at_field(spec, "initContainers");
    struct at main = at_field(spec, "containers");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);
        const char *name = get_text(&item, "name", "");

        check_container(r, &item, volumes, claims);
        check_unique_name(r, &item, *name && (is_named(&list, i, name)
                          || is_named(&main, SIZE_MAX, name)));
        check_init_container(r, &item, grace);
    }
}

/* ---- the spec ----------------------------------------------------------- */

/* Both kinds of gates have qualified names. */
static void check_gates(struct reader *r, const struct at *spec)
{
    struct at ready = at_field(spec, "readinessGates");
    struct at gates = at_field(spec, "schedulingGates");

    for (size_t i = 0; i < at_len(&ready); i++) {
        struct at item = at_item(&ready, i);
        struct at type = at_field(&item, "conditionType");

        check_qualified(r, &type, value_text(type.v, ""));
    }
    for (size_t i = 0; i < at_len(&gates); i++) {
        struct at item = at_item(&gates, i);

        check_qualified(r, &item, get_text(&item, "name", ""));
        if (is_named(&gates, i, get_text(&item, "name", "")))
            fault(r, &item, "Duplicate", "is given twice");
    }
}

/* A field that, if given, is a name. */
static void check_name_field(struct reader *r, const struct at *spec,
                             const char *key, enum name_form form)
{
    struct at at = at_field(spec, key);

    if (at.v)
        check_name(r, &at, form, false);
}

void check_pod_spec(struct reader *r, const struct at *spec,
                    const struct at *claims)
{
    static const char *const restarts[] = { "Always", "OnFailure", "Never",
                                            NULL };
    static const char *const dns[] = { "ClusterFirstWithHostNet",
        "ClusterFirst", "Default", "None", NULL };
    static const char *const preemption[] = { "PreemptLowerPriority", "Never",
                                              NULL };
    struct at volumes = at_field(spec, "volumes");
    struct at selector = at_field(spec, "nodeSelector");
    struct at deadline = at_field(spec, "activeDeadlineSeconds");
    struct at resources = at_field(spec, "resources");
    int64_t grace = get_int(spec, "terminationGracePeriodSeconds", 30);

    for (size_t i = 0; i < at_len(&volumes); i++)
        check_volume(r, &volumes, i);
    check_containers(r, spec, &volumes, claims, grace);
    check_init_containers(r, spec, &volumes, claims, grace);
    check_resources(r, &resources);
    check_word(r, spec, "restartPolicy", restarts, 0);
    check_word(r, spec, "dnsPolicy", dns, 0);
    check_labels(r, &selector);
    check_affinity(r, spec);
    check_gates(r, spec);
    check_spread(r, spec);
    check_name_field(r, spec, "serviceAccountName", NAME_SUBDOMAIN);
    check_name_field(r, spec, "nodeName", NAME_SUBDOMAIN);
    if (deadline.v && (at_int(&deadline, 1) < 1
                       || at_int(&deadline, 1) > INT32_MAX))
        fault(r, &deadline, "Invalid", "must be between 1 and %d", INT32_MAX);
    check_name_field(r, spec, "hostname", NAME_LABEL);
    check_name_field(r, spec, "subdomain", NAME_LABEL);
    check_tolerations(r, spec);
    check_name_field(r, spec, "priorityClassName", NAME_SUBDOMAIN);
    check_word(r, spec, "preemptionPolicy", preemption, 0);
}
