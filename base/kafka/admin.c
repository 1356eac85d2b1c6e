/* Topics: make them, delete them, read what the cluster says of them. Every request is one call with a queue of its own and
 * one answer waited for within the caller's time. The judgement itself is in judge.c, which needs no broker. */
#include "base/kafka/internal.h"

#include <string.h>

#define REASON_BYTES_MAX 512

struct rg_kafka_admin {
    struct rg_kafka_watch watch; /* first */
    rd_kafka_t *rk;
};

static void on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
    struct rg_kafka_admin *admin = opaque;
    rg_kafka_watch_error(&admin->watch, rk, (rd_kafka_resp_err_t)error, reason);
}

int rg_kafka_admin_new(const struct rg_kafka_config *config, struct rg_kafka_admin **ret_admin, struct rg_error *err)
{
    rd_kafka_conf_t *conf = NULL;
    int code = rg_kafka_conf_begin(config, RG_KAFKA_ROLE_ADMIN, &conf, err);
    if (code < 0)
        return code;
    rd_kafka_conf_set_error_cb(conf, on_error);
    struct rg_kafka_admin *admin = rg_alloc(sizeof *admin);
    rg_kafka_watch_init(&admin->watch, config->clock);
    code = rg_kafka_handle_new(conf, config, RG_KAFKA_ROLE_ADMIN, &admin->watch, &admin->rk, err);
    if (code < 0)
        rg_free(&admin);
    else
        *ret_admin = admin;
    return code;
}

void rg_kafka_admin_free(struct rg_kafka_admin **admin, int deadline_ms)
{
    if (*admin == NULL)
        return;
    rg_kafka_handle_free((*admin)->rk, 0, deadline_ms);
    rg_free(admin);
}

/* Nobody polls an admin, so each call takes what has gathered in its queue (troubles of connections): it may live for months. */
static void serve(rd_kafka_t *rk)
{
    (void)rd_kafka_poll(rk, 0);
}

/* The end of every question: what became known meanwhile of why there was no answer. */
static int answered(struct rg_kafka_admin *admin, int code, struct rg_error *err)
{
    serve(admin->rk);
    return rg_kafka_watch_answer(&admin->watch, code, err);
}

int rg_kafka_reach(struct rg_kafka_admin *admin, int timeout_ms, struct rg_error *err)
{
    int64_t until_ms = rg_kafka_real_ms() + timeout_ms;
    int slice_ms = 200, code = 0;
    for (;; slice_ms *= 2) { /* slices, to hear of errors meanwhile; growing, for the answer has to come within one */
        const struct rd_kafka_metadata *metadata = NULL;
        int rest_ms = rg_kafka_rest_ms(until_ms, 1);
        rd_kafka_resp_err_t asked = rd_kafka_metadata(admin->rk, 0, NULL, &metadata, rest_ms < slice_ms ? rest_ms : slice_ms);
        if (asked == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_metadata_destroy(metadata);
        code = asked == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : rg_kafka_fail(err, asked, "no broker answers");
        code = answered(admin, code, err);
        if (code == 0 || admin->watch.health.down_since_ms != 0 || rest_ms <= slice_ms)
            return code;
    }
}

/* ---- one request, one answer ------------------------------------------------------------------------------------ */

struct request {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_event_t *answer;
};

static void begin_request(struct request *request, rd_kafka_t *rk, rd_kafka_admin_op_t operation, int timeout_ms)
{
    serve(rk);
    char reason[REASON_BYTES_MAX];
    *request = (struct request){.rk = rk, .queue = rd_kafka_queue_new(rk), .options = rd_kafka_AdminOptions_new(rk, operation)};
    rd_kafka_resp_err_t set = rd_kafka_AdminOptions_set_request_timeout(request->options, timeout_ms, reason, sizeof reason);
    rg_assert(set == RD_KAFKA_RESP_ERR_NO_ERROR);
    /* Creating and deleting also waits on the broker's side until every broker knows. */
    if (operation != RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS)
        set = rd_kafka_AdminOptions_set_operation_timeout(request->options, timeout_ms, reason, sizeof reason);
    rg_assert(set == RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void end_request(struct request *request)
{
    if (request->answer != NULL)
        rd_kafka_event_destroy(request->answer);
    rd_kafka_AdminOptions_destroy(request->options);
    rd_kafka_queue_destroy(request->queue);
}

static int wait_answer(struct request *request, int timeout_ms, const char *what, struct rg_error *err)
{
    enum { GRACE_MS = 500 }; /* the request's own time-out answers first */
    request->answer = rd_kafka_queue_poll(request->queue, timeout_ms + GRACE_MS);
    if (request->answer == NULL)
        return rg_fail(err, RG_ETIMEOUT, "%s: no answer in %d ms", what, timeout_ms);
    rd_kafka_resp_err_t error = rd_kafka_event_error(request->answer);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : rg_kafka_fail(err, error, "%s", what);
}

/* Fails for the first topic that did not come out as wanted; `fine` is an answer as good as success. */
static int judge_results(const rd_kafka_topic_result_t *const *results, size_t n, rd_kafka_resp_err_t fine, const char *what,
                         struct rg_error *err)
{
    for (size_t i = 0; i < n; i++) {
        rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == fine)
            continue;
        const char *reason = rd_kafka_topic_result_error_string(results[i]);
        return rg_fail(err, rg_kafka_err_code(error), "topic %.100s could not be %s: %.100s",
                       rd_kafka_topic_result_name(results[i]), what, reason == NULL ? rd_kafka_err2str(error) : reason);
    }
    return 0;
}

/* ---- create and delete ------------------------------------------------------------------------------------------ */

static int make_new_topic(const struct rg_kafka_topic_spec *spec, rd_kafka_NewTopic_t **ret_topic, struct rg_error *err)
{
    char reason[REASON_BYTES_MAX] = "";
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(spec->name, spec->partitions, spec->replication, reason, sizeof reason);
    if (topic == NULL)
        return rg_fail(err, RG_EINVAL, "topic %.100s: %.100s", spec->name, reason);
    for (size_t i = 0; i < spec->settings_n; i++) {
        rd_kafka_resp_err_t set = rd_kafka_NewTopic_set_config(topic, spec->settings[i].name, spec->settings[i].value);
        if (set != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_NewTopic_destroy(topic);
            return rg_kafka_fail(err, set, "topic %.60s: %.60s", spec->name, spec->settings[i].name);
        }
    }
    *ret_topic = topic;
    return 0;
}

/* The controller has made it; until a broker knows, whoever asks that broker is told that there is no such topic. */
static int wait_visible(struct rg_kafka_admin *admin, const char *name, int64_t until_ms, struct rg_error *err)
{
    for (;;) {
        int partitions = 0;
        int code = rg_kafka_partitions_ask(admin->rk, name, rg_kafka_rest_ms(until_ms, 1), &partitions, err);
        if (code == 0 || rg_kafka_real_ms() >= until_ms)
            return code;
        rg_kafka_pause();
    }
}

int rg_kafka_topics_ensure(struct rg_kafka_admin *admin, const struct rg_kafka_topic_spec *specs, size_t n, int timeout_ms,
                           struct rg_error *err)
{
    if (n > RG_KAFKA_TOPICS_MAX)
        return rg_fail(err, RG_ELIMIT, "%zu topics, at most %d at a time", n, RG_KAFKA_TOPICS_MAX);
    if (n == 0)
        return 0;
    int64_t until_ms = rg_kafka_real_ms() + timeout_ms;
    rd_kafka_NewTopic_t *topics[RG_KAFKA_TOPICS_MAX];
    size_t made = 0;
    int code = 0;
    while (code == 0 && made < n) {
        code = make_new_topic(&specs[made], &topics[made], err);
        if (code == 0)
            made++;
    }
    if (code == 0) {
        struct request request;
        begin_request(&request, admin->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
        rd_kafka_CreateTopics(admin->rk, topics, made, request.options, request.queue);
        code = wait_answer(&request, timeout_ms, "creating topics", err);
        if (code == 0) {
            size_t count = 0;
            const rd_kafka_topic_result_t **results =
                rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(request.answer), &count);
            code = judge_results(results, count, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, "created", err);
        }
        end_request(&request);
    }
    rd_kafka_NewTopic_destroy_array(topics, made);
    for (size_t i = 0; code == 0 && i < n; i++)
        code = wait_visible(admin, specs[i].name, until_ms, err);
    return answered(admin, code, err);
}

int rg_kafka_topic_delete(struct rg_kafka_admin *admin, const char *name, int timeout_ms, struct rg_error *err)
{
    struct request request;
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
    begin_request(&request, admin->rk, RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout_ms);
    rd_kafka_DeleteTopics(admin->rk, &topic, 1, request.options, request.queue);
    int code = wait_answer(&request, timeout_ms, "deleting a topic", err);
    if (code == 0) {
        size_t count = 0;
        const rd_kafka_topic_result_t **results =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(request.answer), &count);
        code = judge_results(results, count, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "deleted", err);
    }
    end_request(&request);
    rd_kafka_DeleteTopic_destroy(topic);
    return code;
}

int rg_kafka_topic_partitions(struct rg_kafka_admin *admin, const char *name, int timeout_ms, int *ret_partitions,
                              struct rg_error *err)
{
    serve(admin->rk);
    return answered(admin, rg_kafka_partitions_ask(admin->rk, name, timeout_ms, ret_partitions, err), err);
}

int rg_kafka_topic_edges(struct rg_kafka_admin *admin, enum rg_kafka_edge edge, struct rg_kafka_position *positions, size_t n,
                         int timeout_ms, struct rg_error *err)
{
    serve(admin->rk);
    return answered(admin, rg_kafka_edges_ask(admin->rk, edge, positions, n, timeout_ms, err), err);
}

/* ---- what the cluster says -------------------------------------------------------------------------------------- */

static void take_metadata(const struct rd_kafka_metadata *metadata, const char *name, struct rg_kafka_topic_facts *facts)
{
    *facts = (struct rg_kafka_topic_facts){.retention_ms = -1, .retention_bytes = -1, .message_bytes_max = -1, .min_insync = -1};
    for (int t = 0; t < metadata->topic_cnt; t++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[t];
        if (strcmp(topic->topic, name) != 0 || topic->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        facts->exists = true;
        facts->partitions = topic->partition_cnt;
        for (int p = 0; p < topic->partition_cnt; p++)
            if (p == 0 || topic->partitions[p].replica_cnt < facts->replicas)
                facts->replicas = topic->partitions[p].replica_cnt;
    }
}

/* All topics in one request: asking for named ones would make librdkafka 2.0 remember each of them. */
static int read_metadata(struct rg_kafka_admin *admin, const struct rg_kafka_topic_wish *wishes, size_t n, int timeout_ms,
                         struct rg_kafka_topic_facts *facts, bool *ret_complete, struct rg_error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    serve(admin->rk);
    rd_kafka_resp_err_t asked = rd_kafka_metadata(admin->rk, 1, NULL, &metadata, timeout_ms);
    if (asked != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_fail(err, asked, "topics could not be asked for");
    bool complete = true;
    for (size_t i = 0; i < n; i++) {
        take_metadata(metadata, wishes[i].name, &facts[i]);
        complete = complete && (facts[i].exists || wishes[i].optional);
    }
    rd_kafka_metadata_destroy(metadata);
    *ret_complete = complete;
    return 0;
}

static void take_setting(struct rg_kafka_topic_facts *facts, const char *name, const char *value)
{
    int64_t number = 0;
    bool numeric = rg_str_to_i64(rg_str(value), &number);
    if (strcmp(name, "cleanup.policy") == 0)
        (void)strncpy(facts->cleanup, value, sizeof facts->cleanup - 1);
    else if (strcmp(name, "message.timestamp.type") == 0)
        (void)strncpy(facts->timestamp_type, value, sizeof facts->timestamp_type - 1);
    else if (strcmp(name, "unclean.leader.election.enable") == 0)
        facts->unclean_election = strcmp(value, "true") == 0;
    else if (strcmp(name, "retention.ms") == 0 && numeric)
        facts->retention_ms = number;
    else if (strcmp(name, "retention.bytes") == 0 && numeric)
        facts->retention_bytes = number;
    else if (strcmp(name, "max.message.bytes") == 0 && numeric)
        facts->message_bytes_max = number;
    else if (strcmp(name, "min.insync.replicas") == 0 && numeric)
        facts->min_insync = number;
}

static int take_resource(const rd_kafka_ConfigResource_t *resource, const struct rg_kafka_topic_wish *wishes, size_t n,
                         struct rg_kafka_topic_facts *facts, struct rg_error *err)
{
    const char *name = rd_kafka_ConfigResource_name(resource);
    rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(resource);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_fail(err, error, "settings of topic %.100s", name);
    size_t index = 0;
    while (index < n && strcmp(wishes[index].name, name) != 0)
        index++;
    if (index == n)
        return rg_fail(err, RG_EIO, "the broker answered for topic %.100s, which nobody asked for", name);
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_ConfigEntry_value(entries[i]) != NULL)
            take_setting(&facts[index], rd_kafka_ConfigEntry_name(entries[i]), rd_kafka_ConfigEntry_value(entries[i]));
    facts[index].settings_known = true;
    return 0;
}

static int read_settings(struct rg_kafka_admin *admin, const struct rg_kafka_topic_wish *wishes, size_t n, int timeout_ms,
                         struct rg_kafka_topic_facts *facts, struct rg_error *err)
{
    rd_kafka_ConfigResource_t *resources[RG_KAFKA_TOPICS_MAX];
    size_t asked = 0;
    for (size_t i = 0; i < n; i++)
        if (facts[i].exists)
            resources[asked++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, wishes[i].name);
    if (asked == 0)
        return 0;
    struct request request;
    begin_request(&request, admin->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
    rd_kafka_DescribeConfigs(admin->rk, resources, asked, request.options, request.queue);
    int code = wait_answer(&request, timeout_ms, "reading the settings of topics", err);
    if (code == 0) {
        size_t count = 0;
        const rd_kafka_ConfigResource_t **answers =
            rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(request.answer), &count);
        for (size_t i = 0; code == 0 && i < count; i++)
            code = take_resource(answers[i], wishes, n, facts, err);
    }
    end_request(&request);
    rd_kafka_ConfigResource_destroy_array(resources, asked);
    return code;
}

static int read_facts(struct rg_kafka_admin *admin, const struct rg_kafka_topic_wish *wishes, size_t n, bool metadata_only,
                      int64_t until_ms, struct rg_kafka_topic_facts *facts, bool *ret_complete, struct rg_error *err)
{
    int code = read_metadata(admin, wishes, n, rg_kafka_rest_ms(until_ms, 1), facts, ret_complete, err);
    if (code < 0 || metadata_only)
        return code;
    return read_settings(admin, wishes, n, rg_kafka_rest_ms(until_ms, 1), facts, err);
}

int rg_kafka_topics_check(struct rg_kafka_admin *admin, const struct rg_kafka_topic_wish *wishes, size_t n, bool metadata_only,
                          int timeout_ms, struct rg_kafka_finding *ret_findings, size_t max, size_t *ret_n, struct rg_error *err)
{
    rg_assert(max >= n * RG_KAFKA_FINDINGS_PER_TOPIC_MAX);
    if (n > RG_KAFKA_TOPICS_MAX)
        return rg_fail(err, RG_ELIMIT, "%zu topics, at most %d at a time", n, RG_KAFKA_TOPICS_MAX);
    struct rg_kafka_topic_facts facts[RG_KAFKA_TOPICS_MAX];
    int64_t until_ms = rg_kafka_real_ms() + timeout_ms;
    int64_t doubt_ms = rg_kafka_real_ms() + (timeout_ms < RG_KAFKA_DOUBT_MS ? timeout_ms : RG_KAFKA_DOUBT_MS);
    for (;;) {
        bool complete = false;
        int code = read_facts(admin, wishes, n, metadata_only, until_ms, facts, &complete, err);
        bool doubtful = code == RG_ENOTFOUND || (code == 0 && !complete);
        if (!doubtful || rg_kafka_real_ms() >= doubt_ms) {
            if (code < 0)
                return answered(admin, code, err);
            break;
        }
        rg_kafka_pause();
    }
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found = rg_kafka_topic_judge(&wishes[i], &facts[i], ret_findings, found, max);
    *ret_n = found;
    return 0;
}
