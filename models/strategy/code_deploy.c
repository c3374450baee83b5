/*
 * code_deploy.c - codeDeploy: the deployment configurations of AWS CodeDeploy,
 * the predefined ones by name and one's own by their fields.
 *
 * Servers (AllAtOnce, HalfAtATime, OneAtATime, minimumHealthyHosts) are
 * replaced in place: that is the rolling update of a Deployment without surge
 * whose maxUnavailable is what the healthy hosts leave over.  Percentages of
 * healthy hosts are rounded up, so 40 % of 9 stay 4, and 5 are replaced at a
 * time; a half of 9 is 4 at a time.
 *
 * Lambda and ECS shift traffic: the new version stands beside the old one at
 * full size, then users go over all at once, or a share and after an interval
 * the rest (canary), or a share more after each interval (linear), the first
 * share at once.  That is the routed canary of Argo Rollouts.  The old version
 * is kept for terminationWaitTimeInMinutes, and the way back meanwhile is the
 * router's.  A function has no pods of its own; its shapes are the same.
 *
 * Left out: success with hosts that failed (here a deployment is complete when
 * all are new), healthy hosts per zone, the wait for approval and test
 * listeners, hooks; an alarm that rolls back is a guard.
 *
 * Source: AWS CodeDeploy, deployment configurations; reference on progressive
 * delivery 5.3.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/convert.h"

#define PREFIX "CodeDeployDefault."

enum shape { SERVERS_COUNT, SERVERS_PERCENT, SERVERS_ONE, CANARY, LINEAR };

struct config {
    const char *name;
    enum shape shape;
    int value;                  /* healthy hosts or per cent; share, per cent:
                                 * 100 is all at once */
    int minutes;
};

static const struct config configs[] = {
    { "AllAtOnce", SERVERS_COUNT, 0, 0 },
    { "HalfAtATime", SERVERS_PERCENT, 50, 0 },
    { "OneAtATime", SERVERS_ONE, 0, 0 },
    { "LambdaAllAtOnce", CANARY, 100, 0 },
    { "LambdaCanary10Percent5Minutes", CANARY, 10, 5 },
    { "LambdaCanary10Percent10Minutes", CANARY, 10, 10 },
    { "LambdaCanary10Percent15Minutes", CANARY, 10, 15 },
    { "LambdaCanary10Percent30Minutes", CANARY, 10, 30 },
    { "LambdaLinear10PercentEvery1Minute", LINEAR, 10, 1 },
    { "LambdaLinear10PercentEvery2Minutes", LINEAR, 10, 2 },
    { "LambdaLinear10PercentEvery3Minutes", LINEAR, 10, 3 },
    { "LambdaLinear10PercentEvery10Minutes", LINEAR, 10, 10 },
    { "ECSAllAtOnce", CANARY, 100, 0 },
    { "ECSCanary10Percent5Minutes", CANARY, 10, 5 },
    { "ECSCanary10Percent15Minutes", CANARY, 10, 15 },
    { "ECSLinear10PercentEvery1Minutes", LINEAR, 10, 1 },
    { "ECSLinear10PercentEvery3Minutes", LINEAR, 10, 3 },
};

enum hosts_type { HOST_COUNT, FLEET_PERCENT };
static const char *const hosts_types[] = { "HOST_COUNT", "FLEET_PERCENT",
                                           NULL };
struct hosts {
    int type;                   /* enum hosts_type */
    int value;
};

struct shift {
    int percentage, minutes;
};

struct code_deploy_spec {
    const struct config *config;        /* NULL: not given */
    const struct hosts *hosts;
    const struct shift *canary, *linear;
    int termination_wait;               /* minutes */
};

/* ---- fields ------------------------------------------------------------- */

static bool config_parse(struct binder *b, const struct value *v, void *out)
{
    const char *names[COUNT_OF(configs) + 1], *name = value_text(v, "");
    struct diag *d;

    if (name[0] == '\0' && v->type == VALUE_SCALAR)
        return true;            /* not given */
    if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
        name += strlen(PREFIX);
    for (size_t i = 0; i < COUNT_OF(configs); i++) {
        names[i] = configs[i].name;
        if (strcmp(names[i], name) == 0) {
            *(const struct config **)out = &configs[i];
            return true;
        }
    }
    names[COUNT_OF(configs)] = NULL;
    d = err_error(b->errors, &v->mark, "CodeDeploy has no predefined "
                  "configuration \"%s\"", name);
    diag_suggest(b->errors, d, name, names);
    if (!d->help)
        diag_help(b->errors, d, "one's own: minimumHealthyHosts, "
                  "timeBasedCanary or timeBasedLinear");
    return false;
}

static void config_schema(FILE *out)
{
    fputs("{\"enum\": [", out);
    for (size_t i = 0; i < COUNT_OF(configs); i++)
        fprintf(out, "%s\"%s\", \"" PREFIX "%s\"", i ? ", " : "",
                configs[i].name, configs[i].name);
    fputs("]}", out);
}

static const struct field hosts_fields[] = {
    FIELD_ENUM(struct hosts, type, "type", "HOST_COUNT", hosts_types,
               "what value counts"),
    { .type = FIELD_T_INT32, .key = "value",
      .offset = offsetof(struct hosts, value), .min = 0, .max = 100000,
      .unit = "pods or %", .doc = "that stay healthy; a percentage is rounded "
      "up", .flags = FIELD_REQUIRED },
    FIELD_END
};

#define SHIFT_FIELDS(kind)                                                    \
    FIELD(INT32, struct shift, percentage, kind "Percentage", "10", 1, 99,    \
          "%", "of the users, in each step"),                                 \
    FIELD(INT32, struct shift, minutes, kind "Interval", "5", 1, 2880, "min", \
          "between steps"),                                                   \
    FIELD_END

static const struct field canary_fields[] = { SHIFT_FIELDS("canary") };
static const struct field linear_fields[] = { SHIFT_FIELDS("linear") };

static const struct field code_deploy_fields[] = {
    FIELD_CUSTOM(struct code_deploy_spec, config, "config", "\"\"",
                 config_parse, config_schema, "-",
                 "a predefined one, with or without CodeDeployDefault.: "
                 "OneAtATime (if nothing is given), HalfAtATime, AllAtOnce; "
                 "ECSAllAtOnce, ECSCanary10Percent{5,15}Minutes, "
                 "ECSLinear10PercentEvery{1,3}Minutes; LambdaAllAtOnce, "
                 "LambdaCanary10Percent{5,10,15,30}Minutes, "
                 "LambdaLinear10PercentEvery{1Minute,2,3,10Minutes}"),
    FIELD_SUB(OPTIONAL, struct code_deploy_spec, hosts, "minimumHealthyHosts",
              hosts_fields, struct hosts, "servers: how many must stay"),
    FIELD_SUB(OPTIONAL, struct code_deploy_spec, canary, "timeBasedCanary",
              canary_fields, struct shift, "a share, then all"),
    FIELD_SUB(OPTIONAL, struct code_deploy_spec, linear, "timeBasedLinear",
              linear_fields, struct shift, "a share more, again and again"),
    FIELD(INT32, struct code_deploy_spec, termination_wait,
          "terminationWaitTimeInMinutes", "5", 0, 2880, "min",
          "traffic shifts: keep the old pods after the last one"),
    FIELD_END
};

/* ---- servers ------------------------------------------------------------ */

static int replicas_of(const struct conversion *c)
{
    return atoi(value_text(value_at(c->deployment, "spec.replicas"), "1"));
}

/* How many pods may be missing; -1 after a fault. */
static int in_place(struct conversion *c, const struct config *g)
{
    int n = replicas_of(c), stay = g->value;
    const struct value *v = value_at(c->given, "minimumHealthyHosts.value");
    struct diag *d;

    if (g->shape == SERVERS_PERCENT)
        stay = (n * g->value + 99) / 100;
    if (g->shape == SERVERS_ONE)
        stay = n - 1;
    if (stay < n || n == 0)
        return n - stay > 0 ? n - stay : 1;
    d = err_error(c->errors, v ? &v->mark : &c->mark, "if %d of the %d pods "
                  "of Deployment \"%s\" must stay healthy, none can be "
                  "replaced", stay, n, c->name);
    diag_help(c->errors, d, "at most %d", n - 1);
    return -1;
}

static void replace_servers(struct conversion *c, const struct config *g)
{
    int missing = in_place(c, g);

    if (missing >= 0)
        vec_push(c->arena, &c->out, convert_to_deployment(c, arena_printf(
            c->arena, "{maxSurge: 0, maxUnavailable: %d}", missing)));
}

/* ---- traffic ------------------------------------------------------------ */

static void shift_traffic(struct conversion *c, const struct config *g,
                          int wait)
{
    struct buf text = { 0 };
    int last = g->shape == LINEAR ? 99 : g->value;

    buf_printf(&text, "{setCanaryScale: {weight: 100}}");
    for (int w = g->value; w < 100 && w <= last; w += g->value)
        buf_printf(&text, ", {setWeight: %d}, {pause: {duration: %d}}", w,
                   60 * g->minutes);
    convert_ramp(c, text.text, 60 * wait);
    buf_free(&text);
}

/* What is given, and once only. */
static bool read_shape(struct conversion *c, const struct code_deploy_spec *s,
                       struct config *out)
{
    int n = (s->config != NULL) + (s->hosts != NULL) + (s->canary != NULL) +
            (s->linear != NULL);

    *out = (struct config){ .shape = SERVERS_ONE };
    if (n > 1) {
        err_error(c->errors, &c->given->mark, "one shape only: config, "
                  "minimumHealthyHosts, timeBasedCanary or timeBasedLinear");
        return false;
    }
    if (s->config)
        *out = *s->config;
    if (s->hosts)
        *out = (struct config){ NULL, s->hosts->type == HOST_COUNT
                                          ? SERVERS_COUNT : SERVERS_PERCENT,
                                s->hosts->value, 0 };
    if (s->canary)
        *out = (struct config){ NULL, CANARY, s->canary->percentage,
                                s->canary->minutes };
    if (s->linear)
        *out = (struct config){ NULL, LINEAR, s->linear->percentage,
                                s->linear->minutes };
    return true;
}

static void code_deploy_convert(struct conversion *c)
{
    const struct code_deploy_spec *s = c->spec;
    struct config g;

    if (!read_shape(c, s, &g))
        return;
    if (g.shape == CANARY || g.shape == LINEAR)
        shift_traffic(c, &g, s->termination_wait);
    else
        replace_servers(c, &g);
}

const struct strategy_ops strategy_code_deploy = {
    .name = "codeDeploy",
    .doc = "AWS CodeDeploy's shapes: servers in place, or users all at once, "
           "canary or linear",
    .fields = code_deploy_fields,
    .spec_size = sizeof(struct code_deploy_spec),
    .convert = code_deploy_convert,
};
