/*
 * containercheck.c - what the API server refuses in a container.
 *
 * Not checked: securityContext, resizePolicy, volumeDevices, sub-paths.
 *
 * Source: pkg/apis/core/validation/validation.go, Kubernetes 1.36 (reference
 * 11.2).
 */
#include <string.h>

#include "read.h"

bool is_named(const struct at *list, size_t end, const char *name)
{
    for (size_t i = 0; i < end && i < at_len(list); i++) {
        struct at item = at_item(list, i);

        if (strcmp(get_text(&item, "name", ""), name) == 0)
            return true;
    }
    return false;
}

/* ---- parts of a container ----------------------------------------------- */

/* Port 0 counts as not given. */
static void check_container_port(struct reader *r, const struct at *list,
                                 size_t i)
{
    static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };
    struct at port = at_item(list, i), name = at_field(&port, "name");
    struct at number = at_field(&port, "containerPort");
    struct at host = at_field(&port, "hostPort");
    int before = r->errors->errors;

    if (name.v) {
        check_port_name(r, &name, value_text(name.v, ""));
        if (r->errors->errors == before
            && is_named(list, i, value_text(name.v, "")))
            fault(r, &name, "Duplicate", "\"%s\" is given twice",
                  value_text(name.v, ""));
    }
    if (at_int(&number, 0) == 0)
        fault_required(r, &number);
    else
        check_port(r, &number, at_int(&number, 0));
    if (at_int(&host, 0) != 0)
        check_port(r, &host, at_int(&host, 0));
    check_word(r, &port, "protocol", protocols, 0);
}

/* Printable ASCII without "=". */
static bool is_env_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (*c < ' ' || *c > '~' || *c == '=')
            return false;
    return *name != '\0';
}

/* A reference to a key of a ConfigMap or Secret. */
static void check_key_ref(struct reader *r, const struct at *at)
{
    struct at key = at_field(at, "key"), name = at_field(at, "name");

    if (at->v == NULL)
        return;
    if (name.v)
        check_name(r, &name, NAME_SUBDOMAIN, false);
    if (key.v == NULL)
        fault_required(r, &key);
}

/* Exactly one source, and no value beside it. */
static void check_value_from(struct reader *r, const struct at *env)
{
    struct at from = at_field(env, "valueFrom");
    struct at field = at_field(&from, "fieldRef");
    struct at path = at_field(&field, "fieldPath");
    struct at resource = at_field(&from, "resourceFieldRef");
    struct at resource_name = at_field(&resource, "resource");
    struct at config = at_field(&from, "configMapKeyRef");
    struct at secret = at_field(&from, "secretKeyRef");

    if (from.v == NULL)
        return;
    if (field.v && path.v == NULL)
        fault_required(r, &path);
    if (resource.v && resource_name.v == NULL)
        fault_required(r, &resource_name);
    check_key_ref(r, &config);
    check_key_ref(r, &secret);
    if (at_len(&from) == 0)
        fault(r, &from, "Invalid", "must have one of fieldRef, "
              "resourceFieldRef, configMapKeyRef and secretKeyRef");
    else if (get_text(env, "value", NULL))
        fault(r, &from, "Invalid", "may not be given together with value");
    else if (at_len(&from) > 1)
        fault(r, &from, "Invalid", "may have only one source");
}

/* A variable has a name; its value is text or has one source. */
static void check_env(struct reader *r, const struct at *container)
{
    struct at list = at_field(container, "env");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i), name = at_field(&item, "name");

        if (name.v == NULL)
            fault_required(r, &name);
        else if (!is_env_name(value_text(name.v, "")))
            fault(r, &name, "Invalid", "must consist of printable ASCII "
                  "characters without \"=\", got \"%s\"",
                  value_text(name.v, ""));
        check_value_from(r, &item);
    }
}

/* Each item has one source; faults have the path of the list. */
static void check_env_from(struct reader *r, const struct at *container)
{
    static const char *const kinds[] = { "configMapRef", "secretRef" };
    struct at list = at_field(container, "envFrom");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);
        struct at prefix = at_field(&item, "prefix");
        int sources = 0;

        if (prefix.v && !is_env_name(value_text(prefix.v, "")))
            fault(r, &prefix, "Invalid", "must consist of printable ASCII "
                  "characters without \"=\"");
        for (size_t k = 0; k < 2; k++) {
            struct at ref = at_field(&item, kinds[k]);
            struct at name = at_field(&ref, "name");

            sources += ref.v != NULL;
            if (ref.v && name.v == NULL)
                fault_required(r, &name);
            else if (ref.v)
                check_name(r, &name, NAME_SUBDOMAIN, false);
        }
        if (sources != 1)
            fault(r, &list, "Invalid", sources == 0
                  ? "must have configMapRef or secretRef in each item"
                  : "may have only one source in each item");
    }
}

/* A mount names a volume of the pod, and no path is taken twice. */
static void check_mounts(struct reader *r, const struct at *container,
                         const struct at *volumes, const struct at *claims)
{
    struct at list = at_field(container, "volumeMounts");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i), name = at_field(&item, "name");
        struct at path = at_field(&item, "mountPath");
        const char *word = value_text(name.v, "");

        if (name.v == NULL)
            fault_required(r, &name);
        if (!is_named(volumes, SIZE_MAX, word)
            && !(claims && is_named(claims, SIZE_MAX, word)))
            diag_help(r->errors, fault(r, &name, "NotFound", "is \"%s\", "
                      "which is no volume of this pod", word),
                      "add it to volumes of the pod");
        if (path.v == NULL)
            fault_required(r, &path);
        for (size_t k = 0; path.v && k < i; k++) {
            struct at other = at_item(&list, k);

            if (strcmp(get_text(&other, "mountPath", ""),
                       value_text(path.v, "")) == 0) {
                fault(r, &path, "Invalid", "must be unique, \"%s\" is given "
                      "twice", value_text(path.v, ""));
                break;
            }
        }
    }
}

/* ---- resources ---------------------------------------------------------- */

static bool may_overcommit(const char *name)
{
    return strchr(name, '/') == NULL && strncmp(name, "hugepages-", 10) != 0;
}

/* Names are cpu, memory, ephemeral-storage, or have a domain: those are not
 * simulated. */
static void check_amount(struct reader *r, const struct at *at)
{
    static const char *const standard[] = { "cpu", "memory",
                                            "ephemeral-storage", NULL };
    struct quantity q = { 0 };

    if (word_index(standard, at->key) < 0) {
        check_qualified(r, at, at->key);
        if (may_overcommit(at->key))
            diag_suggest(r->errors,
                         fault(r, at, "Invalid", "must be cpu, memory, "
                               "ephemeral-storage or a full name such as "
                               "nvidia.com/gpu"), at->key, standard);
        else
            report_ignored(r, at);
    }
    if (parse_quantity(value_text(at->v, "0"), &q, NULL) && q.nano < 0)
        fault(r, at, "Invalid", "must be at least 0, got %s",
              value_text(at->v, ""));
}

/* At most the limit; what cannot be overcommitted has a limit, and equals
 * it. */
static void check_request(struct reader *r, const struct at *request,
                          const struct at *requests, const struct at *limits)
{
    const struct value *limit = limits->v ? value_get(limits->v,
                                                      request->key) : NULL;
    struct quantity want = { 0 }, most = { 0 };
    struct diag *d;

    parse_quantity(value_text(request->v, "0"), &want, NULL);
    parse_quantity(value_text(limit, "0"), &most, NULL);
    if (limit == NULL && !may_overcommit(request->key)) {
        fault(r, limits, "Required", "must be given for %s", request->key);
    } else if (limit && want.nano != most.nano
               && !may_overcommit(request->key)) {
        fault(r, requests, "Invalid", "of %s must equal its limit",
              request->key);
    } else if (limit && want.nano > most.nano) {
        d = fault(r, requests, "Invalid", "of %s must be at most its limit %s,"
                  " got %s", request->key, value_text(limit, ""),
                  value_text(request->v, ""));
        if (request->v->mark.line > 0)
            d->mark = request->v->mark;
        if (limit->mark.line > 0)
            diag_note(r->errors, d, &limit->mark, "the limit is set here");
    }
}

void check_resources(struct reader *r, const struct at *resources)
{
    struct at limits = at_field(resources, "limits");
    struct at requests = at_field(resources, "requests");

    for (size_t i = 0; i < at_len(&limits); i++) {
        struct at entry = at_entry(&limits, i);

        check_amount(r, &entry);
    }
    for (size_t i = 0; i < at_len(&requests); i++) {
        struct at entry = at_entry(&requests, i);

        check_amount(r, &entry);
        check_request(r, &entry, &requests, &limits);
    }
}

/* ---- probes and hooks --------------------------------------------------- */

/* The parts of one handler: a command, a sleep within the grace, or a port. */
static void check_handler_of(struct reader *r, const struct at *at,
                             int64_t grace)
{
    static const char *const schemes[] = { "HTTP", "HTTPS", NULL };
    struct at command = at_field(at, "command"), port = at_field(at, "port");
    struct at seconds = at_field(at, "seconds");

    if (strcmp(at->key, "exec") == 0) {
        if (at_len(&command) == 0)
            fault_required(r, &command);
    } else if (strcmp(at->key, "sleep") == 0) {
        if (at_int(&seconds, 0) < 0 || at_int(&seconds, 0) > grace)
            fault(r, at, "Invalid", "must be between 0 and "
                  "terminationGracePeriodSeconds (%lld)", (long long)grace);
    } else {
        check_port_or_name(r, &port);
        if (strcmp(at->key, "httpGet") == 0)
            check_word(r, at, "scheme", schemes, 0);
    }
}

/* Exactly one way to do it. */
static void check_handler(struct reader *r, const struct at *at,
                          int64_t grace)
{
    static const char *const names[] = { "exec", "httpGet", "tcpSocket",
                                         "grpc", "sleep" };
    int n = 0;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct at handler = at_field(at, names[i]);

        if (handler.v == NULL)
            continue;
        if (n++ > 0)
            fault_forbidden(r, &handler, "may not be given: there is another "
                            "handler");
        else
            check_handler_of(r, &handler, grace);
    }
    if (n == 0)
        diag_help(r->errors,
                  fault(r, at, "Required", "must have a handler: exec, "
                        "httpGet, tcpSocket%s",
                        strcmp(at->key, "preStop") == 0
                        || strcmp(at->key, "postStart") == 0
                        ? " or sleep" : " or grpc"),
                  "for example tcpSocket: {port: 8080}");
}

/* A startup or liveness probe succeeds at once: successThreshold is 1. */
static void check_probe(struct reader *r, const struct at *container,
                        const char *key, int64_t grace)
{
    static const char *const numbers[] = { "initialDelaySeconds",
        "timeoutSeconds", "periodSeconds", "successThreshold",
        "failureThreshold" };
    struct at at = at_field(container, key);
    struct at success = at_field(&at, "successThreshold");
    struct at own = at_field(&at, "terminationGracePeriodSeconds");
    bool readiness = strcmp(key, "readinessProbe") == 0;

    if (at.v == NULL)
        return;
    check_handler(r, &at, grace);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        check_not_negative(r, &at, numbers[i]);
    if (own.v && at_int(&own, 1) <= 0)
        fault(r, &own, "Invalid", "must be at least 1");
    if (!readiness && at_int(&success, 1) != 1)
        fault(r, &success, "Invalid", "must be 1, got %s",
              value_text(success.v, ""));
    if (readiness && own.v)
        fault(r, &own, "Invalid", "may not be given for a readinessProbe");
}

/* An empty lifecycle is fine, an empty hook is not. */
static void check_lifecycle(struct reader *r, const struct at *container,
                            int64_t grace)
{
    struct at lifecycle = at_field(container, "lifecycle");
    struct at start = at_field(&lifecycle, "postStart");
    struct at stop = at_field(&lifecycle, "preStop");

    if (start.v)
        check_handler(r, &start, grace);
    if (stop.v)
        check_handler(r, &stop, grace);
}

void check_probes(struct reader *r, const struct at *container,
                  int64_t grace)
{
    check_lifecycle(r, container, grace);
    check_probe(r, container, "livenessProbe", grace);
    check_probe(r, container, "readinessProbe", grace);
    check_probe(r, container, "startupProbe", grace);
}

/* ---- the container ------------------------------------------------------ */

/* An image must be given; its form is the container runtime's business. */
static void check_image(struct reader *r, const struct at *container)
{
    struct at image = at_field(container, "image");

    if (image.v == NULL)
        diag_help(r->errors, fault_required(r, &image),
                  "for example image: shop/web:1.0");
}

void check_container(struct reader *r, const struct at *container,
                     const struct at *volumes, const struct at *claims)
{
    static const char *const pulls[] = { "Always", "IfNotPresent", "Never",
                                         NULL };
    static const char *const messages[] = { "FallbackToLogsOnError", "File",
                                            NULL };
    struct at name = at_field(container, "name");
    struct at ports = at_field(container, "ports");
    struct at resources = at_field(container, "resources");

    if (name.v == NULL)
        fault_required(r, &name);
    else
        check_name(r, &name, NAME_LABEL, false);
    check_image(r, container);
    check_word(r, container, "terminationMessagePolicy", messages, 0);
    for (size_t i = 0; i < at_len(&ports); i++)
        check_container_port(r, &ports, i);
    check_env(r, container);
    check_env_from(r, container);
    check_mounts(r, container, volumes, claims);
    check_word(r, container, "imagePullPolicy", pulls, 0);
    check_resources(r, &resources);
}

