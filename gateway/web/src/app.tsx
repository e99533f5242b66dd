import { Component, lazy, Suspense, type ReactNode } from "react";
import { Link, Route, Switch } from "wouter";
import { useWords } from "./i18n/text";
import { patiently } from "./parts/patiently";
import { Waiting } from "./parts/trouble";
import { Portal } from "./pages/portal/page";

const Follow = lazy(() => patiently(() => import("./pages/portal/follow")));
const SignIn = lazy(() => patiently(() => import("./pages/sign-in")));
const Control = lazy(() => patiently(() => import("./pages/control/page")));
const AlarmFigures = lazy(() => patiently(() => import("./pages/control/figures/page")));
const Field = lazy(() => patiently(() => import("./pages/field/page")));
const Commissioning = lazy(() => patiently(() => import("./pages/admin/commissioning/page")));
const Routing = lazy(() => patiently(() => import("./pages/admin/routing/page")));
const MyMeters = lazy(() => patiently(() => import("./pages/meters/my-meters")));
const House = lazy(() => patiently(() => import("./pages/meters/house")));
const ServiceFigures = lazy(() => patiently(() => import("./pages/service/figures")));
const League = lazy(() => patiently(() => import("./pages/service/league")));
const Queue = lazy(() => patiently(() => import("./pages/works/queue")));
const Plan = lazy(() => patiently(() => import("./pages/works/plan")));
const Admin = lazy(() => patiently(() => import("./pages/admin/page")));

export function App() {
  return (
    <Stumble>
      <Suspense fallback={<Waiting />}>
        <Switch>
          <Route path="/" component={Portal} />
          <Route path="/follow" component={Follow} />
          <Route path="/sign-in" component={SignIn} />
          <Route path="/control/figures" component={AlarmFigures} />
          <Route path="/control/*?" component={Control} />
          <Route path="/field" component={Field} />
          <Route path="/admin/commissioning/:place?" component={Commissioning} />
          <Route path="/admin/routing" component={Routing} />
          <Route path="/admin" component={Admin} />
          <Route path="/figures" component={ServiceFigures} />
          <Route path="/league" component={League} />
          <Route path="/works" component={Queue} />
          <Route path="/works/plan" component={Plan} />
          <Route path="/my-meters" component={MyMeters} />
          <Route path="/meters/:place?" component={House} />
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Stumble>
  );
}

function NotFound() {
  const { t } = useWords();
  return (
    <main className="quiet-state">
      <h1>{t("common.notFound")}</h1>
      <Link className="button" href="/">
        {t("common.home")}
      </Link>
    </main>
  );
}

/** Catch a bug in a page, so that the person sees what to do instead of nothing. */
class Stumble extends Component<{ children: ReactNode }, { fell: boolean }> {
  override state = { fell: false };
  static getDerivedStateFromError() {
    return { fell: true };
  }
  override render() {
    return this.state.fell ? <Fallen /> : this.props.children;
  }
}

function Fallen() {
  const { t } = useWords();
  return (
    <main className="quiet-state" role="alert">
      <p>{t("common.broken")}</p>
      <button type="button" className="button" onClick={() => location.reload()}>
        {t("common.reload")}
      </button>
    </main>
  );
}
