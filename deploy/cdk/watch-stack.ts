// What tells people: alarms, the burn of the error budget, a dashboard, and the bill. All but the wiring is data of alarms.ts and dashboard.ts.

import { Duration, Stack } from 'aws-cdk-lib';
import * as budgets from 'aws-cdk-lib/aws-budgets';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type AlarmSpec, alarmsOf, type CountedMetric, type Series } from './alarms.ts';
import { BURNS, burnExpression, FLEET_COUNTS, OPENS_COUNTS } from './counts.ts';
import { dashboardBody } from './dashboard.ts';
import type { FleetStack } from './fleet-stack.ts';
import { namespaceOf } from './instance-files.ts';
import { placeOf } from './place.ts';
import type { Stage } from './stage.ts';

/** `fleet run` goes through ten rounds in this. */
const LOOK_S = 300;
const MINUTE_S = 60;

/** Of the month's money: spent, and what AWS forecasts. */
const BUDGET_MARKS = [
  { notificationType: 'ACTUAL', threshold: 80 },
  { notificationType: 'FORECASTED', threshold: 100 },
] as const;

export class WatchStack extends Stack {
  readonly #namespace: string;
  readonly #mail: SnsAction;

  constructor(scope: Construct, stage: Stage, fleet: FleetStack) {
    super(scope, `${stage.prefix}-watch`, { ...placeOf(stage), description: `Pinhole: alarms, dashboard and budget of ${stage.name}.` });
    this.#namespace = namespaceOf(stage);
    this.#mail = new SnsAction(fleet.store.topic);
    for (const spec of alarmsOf(stage)) this.#alarm(stage, spec);
    this.#count(fleet);
    this.#watchBudgetOfErrors(stage);
    this.#watchFaults(stage);
    this.#watchStorms(stage);
    this.#watchReconciler(stage);
    if (fleet.balanced !== null) this.#watchBalancer(stage, fleet.balanced);
    new cloudwatch.CfnDashboard(this, 'Dashboard', {
      dashboardName: stage.prefix,
      dashboardBody: this.toJsonString(dashboardBody(stage, this.#namespace)),
    });
    this.#watchMoney(stage);
  }

  #alarm(stage: Stage, spec: AlarmSpec): void {
    const metrics = Object.fromEntries(spec.series.map((series) => [series.as, this.#metric(series, spec.periodS)]));
    const [only] = Object.values(metrics);
    const metric =
      spec.expression === undefined && only !== undefined
        ? only
        : new cloudwatch.MathExpression({
            expression: spec.expression ?? '',
            usingMetrics: metrics,
            period: Duration.seconds(spec.periodS),
          });
    this.#make(stage, spec.id, metric, spec);
  }

  #make(
    stage: Stage,
    id: string,
    metric: cloudwatch.IMetric,
    spec: Omit<AlarmSpec, 'id' | 'series' | 'expression' | 'periodS'>,
  ): cloudwatch.Alarm {
    const { GREATER_THAN_THRESHOLD, LESS_THAN_THRESHOLD } = cloudwatch.ComparisonOperator;
    const { BREACHING, NOT_BREACHING } = cloudwatch.TreatMissingData;
    const alarm = new cloudwatch.Alarm(this, id, {
      ...{ alarmName: `${stage.prefix}-${id}`, alarmDescription: spec.says, metric, threshold: spec.threshold },
      evaluationPeriods: spec.periods,
      comparisonOperator: spec.is === 'above' ? GREATER_THAN_THRESHOLD : LESS_THAN_THRESHOLD,
      treatMissingData: spec.silence === 'fault' ? BREACHING : NOT_BREACHING,
    });
    alarm.addAlarmAction(this.#mail);
    alarm.addOkAction(this.#mail);
    return alarm;
  }

  #metric({ metric, labels, statistic }: Omit<Series, 'as'>, periodS: number): cloudwatch.Metric {
    return new cloudwatch.Metric({
      ...{ namespace: this.#namespace, metricName: metric, dimensionsMap: { ...labels }, statistic, period: Duration.seconds(periodS) },
    });
  }

  /** Metrics that are counted in logs. */
  #count({ store }: FleetStack): void {
    for (const [counts, group] of [
      [OPENS_COUNTS, store.groups.records],
      [FLEET_COUNTS, store.groups.fleet],
    ] as const) {
      for (const { id, metric, pattern, value } of counts)
        group.addMetricFilter(id, {
          ...{ filterName: id, metricNamespace: this.#namespace, metricName: metric, metricValue: value },
          filterPattern: FilterPattern.literal(pattern),
        });
    }
  }

  /** Long and short window together: the first says that it matters, the second that it goes on (SRE workbook, chapter 5). */
  #watchBudgetOfErrors(stage: Stage): void {
    for (const { id, windowsS, threshold, says } of BURNS) {
      const alarms = windowsS.map((seconds) => {
        const usingMetrics = { failed: this.#counted('opens_failed', seconds), good: this.#counted('opens_good', seconds) };
        const burn = new cloudwatch.MathExpression({ expression: burnExpression, usingMetrics, period: Duration.seconds(seconds) });
        return new cloudwatch.Alarm(this, `${id}-${seconds}`, {
          ...{ alarmName: `${stage.prefix}-${id}-${seconds}s`, alarmDescription: 'One of two windows; mail comes when both are past it.' },
          ...{ metric: burn, threshold, evaluationPeriods: 1, treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING },
        });
      });
      const both = new cloudwatch.CompositeAlarm(this, id, {
        ...{ compositeAlarmName: `${stage.prefix}-${id}`, alarmDescription: says },
        alarmRule: cloudwatch.AlarmRule.allOf(...alarms),
      });
      both.addAlarmAction(this.#mail);
    }
  }

  #counted(metric: CountedMetric, periodS: number): cloudwatch.Metric {
    return this.#metric({ metric, labels: {}, statistic: 'Sum' }, periodS);
  }

  #watchFaults(stage: Stage): void {
    this.#make(stage, 'internal', this.#counted('opens_internal', LOOK_S), {
      ...{ is: 'above', threshold: 0, periods: 1, silence: 'fine' },
      says: 'A fault of Pinhole itself. The log has the stack beside the request; please report it.',
    });
  }

  /** One agent that comes back is one CONNECT at AWS IoT: its quota is for all nodes together. */
  #watchStorms(stage: Stage): void {
    this.#make(stage, 'storm', this.#counted('opens_good', MINUTE_S), {
      ...{ is: 'above', threshold: (stage.fleet.quota.connectsPerSecond / 2) * MINUTE_S, periods: 1, silence: 'fine' },
      says: 'More than half of the account’s CONNECTs at AWS IoT for a minute: agents come back together. Stop every drain and every release.',
    });
  }

  #watchReconciler(stage: Stage): void {
    this.#make(stage, 'fleet-silent', this.#counted('fleet_rounds', LOOK_S), {
      ...{ is: 'below', threshold: 1, periods: 2, silence: 'fault' },
      says: '`fleet run` has not gone through a round for ten minutes: DNS stays as it is, and drift is not put right. Its group starts another instance when it dies.',
    });
    this.#make(stage, 'fleet-trouble', this.#counted('fleet_troubles', LOOK_S), {
      ...{ is: 'above', threshold: 0, periods: 1, silence: 'fine' },
      says: '`fleet run` found drift, a bad FLEET.yaml or a failure: the log group of the fleet has its words.',
    });
  }

  #watchBalancer(stage: Stage, { loadBalancer, targets }: NonNullable<FleetStack['balanced']>): void {
    const LoadBalancer = loadBalancer.attrLoadBalancerFullName;
    const of = (metricName: string, statistic: string, dimensionsMap: Record<string, string>) =>
      new cloudwatch.Metric({ namespace: 'AWS/NetworkELB', metricName, statistic, dimensionsMap, period: Duration.minutes(1) });
    this.#make(stage, 'nodes-out', of('HealthyHostCount', 'Minimum', { LoadBalancer, TargetGroup: targets.attrTargetGroupFullName }), {
      ...{ is: 'below', threshold: (stage.nodes ?? 0) - 1, periods: 3, silence: 'fault' },
      says: 'Two nodes or more take no new tunnels. The group’s activity, and each node’s readiness in its log, say why.',
    });
    this.#make(stage, 'ports-of-balancer', of('PortAllocationErrorCount', 'Sum', { LoadBalancer }), {
      ...{ is: 'above', threshold: 0, periods: 1, silence: 'fine' },
      says: 'The load balancer had no port left towards a node: add nodes, or zones with an address.',
    });
  }

  #watchMoney({ prefix, watch }: Stage): void {
    new budgets.CfnBudget(this, 'Budget', {
      budget: {
        ...{ budgetName: prefix, budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: watch.budgetUsd, unit: 'USD' } },
      },
      notificationsWithSubscribers: BUDGET_MARKS.map((mark) => ({
        notification: { ...mark, comparisonOperator: 'GREATER_THAN', thresholdType: 'PERCENTAGE' },
        subscribers: [{ subscriptionType: 'EMAIL', address: watch.email }],
      })),
    });
  }
}
