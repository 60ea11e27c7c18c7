#include "cmd/cluster.h"

int cluster_fail(const struct cli *cli, struct err *err)
{
    if (err->class == ERR_OUTAGE)
        err_set_code(err, ERR_OUTAGE, err->code, "%s (the brokers are from: %s)", err->text,
                     config_where(&cli->config.common, "brokers"));
    return -1;
}

int cluster_connect(const struct cli *cli, struct admin **out, struct err *err)
{
    char cluster[64];
    const struct pipeline_config *config = &cli->config.common;
    if (admin_new(out, "", config->brokers, config->kafka, config->n_kafka, err) < 0)
        return -1;
    if (admin_cluster_id(*out, ADMIN_CONNECT_MS, cluster, err) == 0)
        return 0;
    return cluster_fail(cli, err);
}

int cluster_begin(struct cli *cli, const struct task *task, struct task_names *names,
                  struct admin **out, struct err *err)
{
    if (task_read_names(task, &cli->line, names, &cli->arena, err) < 0 ||
        cli_load_config(cli, NULL, 0, true, err) < 0)
        return -1;
    return cluster_connect(cli, out, err);
}
