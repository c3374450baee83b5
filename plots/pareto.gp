# pareto.gp - risk against cost, risk against time: what no other candidate
# beats.  Places are from 0 to 1 along the axes.
# DATA: block 0, those that are beaten: cost, time, risk, kind; 1, the front: mean
# low high of each, hollow (1), best (1), kind; 2 and 3, the lines of the panels;
# 4, the numbers: cost, risk, time, risk, number, kind.
# Also FROM1 TO1 FROM2 TO2 TOP BOTTOM (the panels, pixels), WHAT1 WHAT2 RISK
# (titles), the ticks X1N X1AT1 X1SAYS1 .., X2.., Y..; the list: LISTED, NAME1
# KIND1 SAYS1 HOLLOW1 .., MORE (how many are not in it).
load STYLE
@HEAD
set multiplot
set bars 0
set tmargin at screen 1-TOP/H; set bmargin at screen BOTTOM/H
set xrange [-0.03:1.03]; set yrange [-0.03:1.03]; set grid xtics ytics lc rgb GRID lw 0.8 lt 1
set xtics () ; set ytics ()
do for [k=1:YN] { set ytics add (value('YSAYS'.k) value('YAT'.k)) }
set label 3 RISK at graph 0,1 offset 0,0.8 left font S11 textcolor rgb GREY
# The list: a line each, two if there is room.
room = H - TOP - 40.0
tall = LISTED > 0 ? room/LISTED : room
if (tall > 36) tall = 36
LETTERS = tall < 15 ? sprintf(',%.1f', 8*PX) : S10
do for [k=1:LISTED] {
    y = H - TOP - 6 - tall*(k - 1)
    set label (100+k) sprintf('%d', k) at screen (TO2 + 36)/W,screen y/H right font LETTERS textcolor rgb dark(value('KIND'.k))
    set label (120+k) value('NAME'.k) at screen (TO2 + 44)/W,screen y/H left font LETTERS textcolor rgb (value('HOLLOW'.k) ? number(GREY) : dark(value('KIND'.k)))
    if (tall > 29) { set label (140+k) value('SAYS'.k) at screen (TO2 + 44)/W,screen (y-14)/H left font S9 textcolor rgb GREY }
}
if (MORE > 0) { set label 160 sprintf('and %d more', MORE) at screen (TO2 + 44)/W,screen (H - TOP - 6 - tall*LISTED)/H left font LETTERS textcolor rgb GREY }
do for [i=1:2] {
    if (i == 2) {
        unset label
        set format y ''
        set ytics ()
        do for [k=1:YN] { set ytics add ('' value('YAT'.k)) }
    }
    set xtics ()
    do for [k=1:value('X'.i.'N')] { set xtics add (value('X'.i.'SAYS'.k) value('X'.i.'AT'.k)) }
    set lmargin at screen value('FROM'.i)/W; set rmargin at screen value('TO'.i)/W
    set xlabel value('WHAT'.i)
    c = 3*i - 2; t = 2*i - 1
    plot DATA index 1+i using 1:2 with lines lw 1.6 lc rgb '#BBBBBB', \
         DATA index 0 using i:3:(pale(strcol(4))) with points pt 7 ps 0.7 lc rgb variable, \
         DATA index 1 using c:7:c+1:c+2:8:9:($10 == 1 ? pale(strcol(12)) : colour(strcol(12))) with xyerrorbars pt -1 lw 0.9 lc rgb variable, \
         DATA index 1 using c:7:(colour(strcol(12))) with points pt 7 ps 0.95 lc rgb variable, \
         DATA index 1 using ($10 == 1 ? column(c) : NaN):7 with points pt 7 ps 0.5 lc rgb '#ffffff', \
         DATA index 1 using ($11 == 1 ? column(c) : NaN):7 with points pt 6 ps 1.9 lw 2.2 lc rgb STARTING, \
         DATA index 4 using t:t+1:5:(dark(strcol(6))) with labels center font S9 textcolor rgb variable
}
unset multiplot
unset output
