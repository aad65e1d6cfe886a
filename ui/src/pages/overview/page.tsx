import { useGet } from '../../base/query';
import type { Status } from '../../base/schema';
import { Onboarding } from '../../components/onboarding';
import { Loaded } from '../../components/states';
import { isEmpty } from '../../model/status';
import { useState } from 'preact/hooks';
import { Now } from './now';

export default function OverviewPage() {
  const status = useGet<Status>('status', {}, { every: 5_000 });
  // Whoever came to an empty server sees the first trace arrive, rather than the page jump away.
  const [wasEmpty, setWasEmpty] = useState<boolean | null>(null);
  return (
    <div class="page">
      <Loaded answer={status} route="status">
        {(data) => {
          if (wasEmpty === null) setWasEmpty(isEmpty(data));
          return wasEmpty || (wasEmpty === null && isEmpty(data)) ? <Onboarding status={data} /> : <Now />;
        }}
      </Loaded>
    </div>
  );
}
