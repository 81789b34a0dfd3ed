// What instances are given and where what they say is kept: secrets, the bucket, log groups, the topic of alarms.

import { RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Stage } from './stage.ts';

const TOKEN_LENGTH = 43;

export class Store extends Construct {
  readonly bucket: s3.Bucket;
  readonly token: secrets.Secret;
  /** Null where nodes speak no TLS of their own. */
  readonly certificate: secrets.Secret | null;
  readonly groups: { readonly records: logs.LogGroup; readonly metrics: logs.LogGroup; readonly fleet: logs.LogGroup };
  readonly topic: sns.Topic;

  constructor(scope: Construct, stage: Stage) {
    super(scope, 'Store');
    this.bucket = this.#makeBucket();
    this.token = this.#makeToken(stage);
    this.certificate = stage.certificate === undefined ? null : this.#makeCertificate(stage);
    this.groups = {
      records: this.#makeGroup(stage, 'Records', 'records'),
      metrics: this.#makeGroup(stage, 'Metrics', 'metrics'),
      fleet: this.#makeGroup(stage, 'Fleet', 'fleet'),
    };
    this.topic = this.#makeTopic(stage);
  }

  /** FLEET.yaml and the address list: each version is kept, for it says where agents are led. */
  #makeBucket(): s3.Bucket {
    const bucket = new s3.Bucket(this, 'Bucket', {
      versioned: true,
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(bucket, 'S1', 'Two small files, read by roles of this stack; CloudTrail has who wrote them, and every version is kept.');
    return bucket;
  }

  #makeToken(stage: Stage): secrets.Secret {
    const token = new secrets.Secret(this, 'Token', {
      secretName: `${stage.prefix}/admin-token`,
      description: 'Admin token of the nodes. Nodes and `fleet run` take a new value within a minute.',
      generateSecretString: { passwordLength: TOKEN_LENGTH, excludePunctuation: true },
    });
    acknowledge(
      token,
      'SMG4',
      'Put in a new value at any time; whoever has it is inside of this VPC. A rotation function would be one more thing with rights.',
    );
    return token;
  }

  #makeCertificate(stage: Stage): secrets.Secret {
    const certificate = new secrets.Secret(this, 'Certificate', {
      secretName: `${stage.prefix}/certificate`,
      description: 'Key and chain in PEM, in one text. Nodes take a new one within a minute, without a restart.',
    });
    acknowledge(certificate, 'SMG4', 'Whoever renews the certificate (ACME, ACM export) puts it in; Secrets Manager cannot issue one.');
    return certificate;
  }

  #makeTopic({ prefix, region, account, watch }: Stage): sns.Topic {
    const topic = new sns.Topic(this, 'Alarms', { topicName: `${prefix}-alarms`, enforceSSL: true });
    topic.addSubscription(new EmailSubscription(watch.email));
    // With a policy, as TLS asks for one, the topic's own is gone that let alarms of the account publish: they would be silent.
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:aws:cloudwatch:${region}:${account}:alarm:${prefix}-*` },
        },
      }),
    );
    return topic;
  }

  #makeGroup({ stage, watch }: Stage, id: string, name: string): logs.LogGroup {
    return new logs.LogGroup(this, id, {
      logGroupName: `/pinhole/${stage}/${name}`,
      retention: watch.logDays,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
