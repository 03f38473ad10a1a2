/** How far the clock of this machine is from that by which what is recorded has its times. */
import { Gauge } from 'prom-client';
import type { Metrics } from '../../metrics.ts';
import type { Store } from '../../store/index.ts';

export function clockMetric({ registry }: Metrics, { clock }: Pick<Store, 'clock'>): void {
  new Gauge({
    name: 'mien_clock_offset_seconds',
    help: "Seconds by which the database's clock is ahead of this machine's; 0 on the embedded database",
    registers: [registry],
    collect() {
      this.set(clock.offset);
    },
  });
}
